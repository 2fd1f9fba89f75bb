// What went wrong with a file or folder, as a fault with its cure: one row per error of the operating system.
import { Fault, messageOf } from '../fault.ts';

interface Trouble {
  readonly expected: string;
  readonly found: string;
  readonly cure: string;
}

const PERMISSION = {
  expected: 'a path that this user may use',
  found: 'no permission',
  cure: 'run as a user who may, or give this one the permission: `ls -ld` shows whose it is',
};
const ROOM = {
  expected: 'room on the disk',
  found: 'none',
  cure: 'free some (`df -h` shows the disks), or name a path on another disk',
};
const TROUBLES: Readonly<Record<string, Trouble>> = {
  EISDIR: { expected: 'a file', found: 'a folder', cure: 'name a file in it' },
  ENOTDIR: { expected: 'a folder', found: 'a file', cure: 'move the file that is there away, or name another path' },
  EEXIST: { expected: 'a folder', found: 'a file', cure: 'move the file that is there away, or name another path' },
  ELOOP: {
    expected: 'a link that leads somewhere',
    found: 'links that lead in a circle',
    cure: 'put what is meant in the place of the link, or name another path',
  },
  EACCES: PERMISSION,
  EPERM: PERMISSION,
  EROFS: {
    expected: 'a disk that can be written',
    found: 'one mounted read-only',
    cure: 'mount it for writing, or name a path on another disk',
  },
  ENOSPC: ROOM,
  EDQUOT: ROOM,
  ENOENT: {
    expected: 'a folder, or a place where one can be made',
    found: 'neither',
    cure: 'name a path in a folder that is there',
  },
  ENAMETOOLONG: { expected: 'a name of at most 255 bytes', found: 'a longer one', cure: 'name a shorter path' },
  EMFILE: { expected: 'room for one more open file', found: 'none', cure: 'raise the limit: `ulimit -n 4096`' },
};
const UNKNOWN_CURE = 'look at it with `ls -ld`, mend what the first line says, and run this again';

/** reading: a file of the user can't be used. writing: this machine does not take what we have to write. */
export type Purpose = 'reading' | 'writing';

export function fileFault(path: string, purpose: Purpose, cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const trouble = Object.hasOwn(TROUBLES, code) ? TROUBLES[code] : undefined;
  const told = trouble ?? {
    expected: `a path fit for ${purpose}`,
    found: code || messageOf(cause),
    cure: UNKNOWN_CURE,
  };
  const what = `can't ${purpose === 'reading' ? 'read' : 'write'} ${path}: ${messageOf(cause)}`;
  return new Fault(purpose === 'reading' ? 'input' : 'host', what, { where: path, ...told, cause });
}

/** A pipe, a device or a socket where a file is needed: reading one may never end, replacing one breaks who uses it. */
export function noFileFault(path: string, purpose: Purpose, found: 'a pipe' | 'a device' | 'a socket'): Fault {
  const what = `${path} is ${found}, not a file`;
  const cure =
    purpose === 'reading'
      ? 'name a file; a document of another verb may come from standard input, named -'
      : 'name a file, or leave the flag out and send standard output there';
  return new Fault(purpose === 'reading' ? 'input' : 'host', what, { where: path, expected: 'a file', found, cure });
}
