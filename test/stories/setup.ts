// One sandbox named "stories" for all stories that need none of their own.
import { bringUp } from './own-sandbox.ts';

/** What is returned runs after the last story. */
export function setup(): Promise<() => Promise<void>> {
  return bringUp('stories');
}
