// Made by npm run build: the door to the action publish/.
import { enter } from '../bundle/index.js';

await enter('publish');
