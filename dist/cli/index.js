// Made by npm run build: the door to the terminal.
import { enter } from '../bundle/index.js';

await enter('cli');
