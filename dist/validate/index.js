// Made by npm run build: the door to the action validate/.
import { enter } from '../bundle/index.js';

await enter('validate');
