// Which files of the repository pip reads as requirements, and of which it demands hashes.
import { posix } from 'node:path';
import { findFile } from './image-files.ts';
import { installOf } from './pip.ts';
import { callOf } from './shell.ts';
import { commandsIn, stepsOf } from './steps.ts';
import type { ImageSubject } from './subject.ts';

/** Paths in the repository; true where any call reads them with --require-hashes. */
export function hashedLocks(images: readonly ImageSubject[]): ReadonlyMap<string, boolean> {
  const found = new Map<string, boolean>();
  for (const image of images) {
    for (const step of stepsOf(image)) {
      for (const { command } of commandsIn(step)) {
        const call = callOf(command);
        const install = call === undefined ? undefined : installOf(call, step.environment);
        if (install === undefined) continue;
        for (const lock of install.locks) {
          const path = posix.resolve('/', step.workdir, lock);
          const source = findFile(image, step.stage, path, step.instruction).source;
          if (source === undefined) continue;
          const file = posix.join(source.image.context.path, source.path);
          found.set(file, found.get(file) === true || install.requireHashes);
        }
      }
    }
  }
  return found;
}
