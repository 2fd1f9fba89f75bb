// Made by npm run build: the door to the action plan/.
import { enter } from '../bundle/index.js';

await enter('plan');
