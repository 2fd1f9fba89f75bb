// Made by npm run build: the door to the action build/.
import { enter } from '../bundle/index.js';

await enter('build');
