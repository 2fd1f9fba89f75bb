// Made by npm run build: the door to the action cutover/.
import { enter } from '../bundle/index.js';

await enter('cutover');
