// Made by npm run build: the door to the action report/.
import { enter } from '../bundle/index.js';

await enter('report');
