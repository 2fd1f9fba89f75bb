// Made by npm run build: the door to the action verify/.
import { enter } from '../bundle/index.js';

await enter('verify');
