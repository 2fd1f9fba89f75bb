// RA405: a lock is real: every line pinned, every hash of full length, none invented.
import { normalizeName, type LockEntry, type LockHash } from '../../images/lock.ts';
import { at, type LockRule, type Sighting } from '../rule.ts';
import type { LockSubject } from '../subject.ts';

export const RA405: LockRule = {
  id: 'RA405',
  title: 'The lock is complete and real',
  severity: 'error',
  breaks: 'build',
  on: 'lock',
  page: {
    proves: 'Every line of a hashed lock pins one version and carries full hashes that belong to that package alone.',
    why: 'pip refuses the whole install for one line without a hash, for a hash of 60 digits, and for a hash that was made up.',
    bad: 'fastapi==0.110.0 --hash=sha256:1234abcd\nuvicorn>=0.29',
    good: 'fastapi==0.110.0 \\\n    --hash=sha256:<64 hex digits>\nuvicorn==0.29.0 \\\n    --hash=sha256:<64 hex digits>',
  },
  check: checkLock,
};

/** Lengths in hex digits; pip accepts no other algorithm. */
const DIGITS: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };
const HASH_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** 64 random hex digits have fewer than 7 different ones in less than one case of 10^20. */
const FEWEST_DIFFERENT_DIGITS = 7;

function checkLock(subject: LockSubject): readonly Sighting[] {
  const { lock, refused } = subject;
  if (refused !== undefined) {
    const { expected, got } = refused;
    const message = `it is not read: ${got}`;
    return [
      { line: 1, endLine: 1, column: 1, message, expected, got, cure: 'put a plain file of a readable size there' },
    ];
  }
  const unreadable = lock.problems.map((problem): Sighting => ({
    ...at(problem),
    message: isInstruction(problem.text)
      ? 'this is a line of a Dockerfile, not of a lock'
      : 'pip can not read this line',
    got: problem.text.slice(0, 80),
    cure: 'remove the line, or write name==version with its hashes',
  }));
  if (!subject.hashed) return unreadable;
  return [
    ...unreadable,
    ...lock.entries.flatMap((entry) => [...checkPin(entry), ...checkHashes(entry)]),
    ...checkDoubles(lock.entries),
    ...checkSharedHashes(lock.entries),
  ];
}

function isInstruction(text: string): boolean {
  return /^(FROM|RUN|COPY|ADD|ENV|ARG|CMD|ENTRYPOINT|WORKDIR|USER|EXPOSE|LABEL|HEALTHCHECK)\s/.test(text);
}

function checkPin(entry: LockEntry): readonly Sighting[] {
  const place = at(entry);
  if (entry.editable)
    return [
      {
        ...place,
        message: `${entry.written} is editable, which pip refuses where hashes are required`,
        cure: 'build a wheel of it, or copy it as first-party code',
      },
    ];
  if (entry.url !== undefined)
    return isRepository(entry.url)
      ? [
          {
            ...place,
            message: `${entry.written} comes from a repository, which can not be checked by hash`,
            cure: 'pin a released archive',
          },
        ]
      : [];
  if (entry.version !== undefined) return [];
  const name = entry.name ?? entry.written;
  return [
    {
      ...place,
      message: `${name} is not pinned to one version`,
      expected: `${name}==<version>`,
      got: entry.written,
      cure: 'compile the lock again from its .in file',
    },
  ];
}

function isRepository(url: string): boolean {
  return /^(git|hg|svn|bzr)\+/.test(url);
}

function checkHashes(entry: LockEntry): readonly Sighting[] {
  const name = entry.name ?? entry.written;
  if (entry.hashes.length === 0) {
    if (entry.editable) return [];
    return [
      {
        ...at(entry),
        message: `${name} has no hash, so pip refuses the whole lock`,
        expected: '--hash=sha256:<64 hex digits>',
        cure: 'compile the lock again with hashes',
      },
    ];
  }
  const seen = new Set<string>();
  return entry.hashes.flatMap((hash): readonly Sighting[] => {
    const place = { line: hash.line, endLine: hash.line, column: 1 };
    const fault = faultOf(hash);
    const again = seen.has(hash.value);
    seen.add(hash.value);
    if (fault !== undefined)
      return [
        {
          ...place,
          message: `a hash of ${name} ${fault.what}`,
          expected: fault.expected,
          got: `${hash.algorithm}:${hash.value}`,
          cure: 'compile the lock again; a hash can not be written by hand',
        },
      ];
    return again
      ? [
          {
            ...place,
            severity: 'warning',
            message: `${name} has the same hash twice`,
            got: hash.value,
            cure: 'remove one of them',
          },
        ]
      : [];
  });
}

function faultOf({ algorithm, value }: LockHash): { what: string; expected: string } | undefined {
  const digits = DIGITS[algorithm];
  if (digits === undefined)
    return { what: `uses ${algorithm}, which pip does not accept`, expected: 'sha256, sha384 or sha512' };
  const expected = `${digits} hex digits`;
  if (value.length !== digits) return { what: `has ${value.length} digits instead of ${digits}`, expected };
  if (!/^[0-9a-f]+$/i.test(value)) return { what: 'has characters that are no hex digits', expected };
  if (value.toLowerCase() === HASH_OF_NOTHING)
    return { what: 'is the hash of an empty file', expected: 'the hash of the package' };
  return isMadeUp(value.toLowerCase()) ? { what: 'is a placeholder', expected: 'the hash of the package' } : undefined;
}

function isMadeUp(value: string): boolean {
  if (new Set(value).size < FEWEST_DIFFERENT_DIGITS) return true;
  const periods = [4, 8, 10, 16, 32];
  if (periods.some((period) => value === value.slice(0, period).repeat(value.length).slice(0, value.length)))
    return true;
  return longestRun(value) > 12;
}

/** The longest stretch that counts up or down by the same step: `0123456789abcdef`, `a1b2c3d4e5f6`. */
function longestRun(value: string): number {
  let best = 0;
  for (const stride of [1, 2]) {
    let length = 1;
    for (let at = stride; at < value.length; at += 1) {
      const step = (parseInt(value.charAt(at), 16) - parseInt(value.charAt(at - stride), 16) + 16) % 16;
      length = step === 1 ? length + 1 : 1;
      best = Math.max(best, length);
    }
  }
  return best;
}

function checkDoubles(entries: readonly LockEntry[]): readonly Sighting[] {
  const first = new Map<string, LockEntry>();
  return entries.flatMap((entry) => {
    if (entry.name === undefined) return [];
    const key = `${normalizeName(entry.name)} ${entry.marker ?? ''}`;
    const known = first.get(key);
    if (known === undefined) first.set(key, entry);
    if (known === undefined) return [];
    return [
      {
        ...at(entry),
        message: `${entry.name} stands here a second time, after line ${known.line}`,
        got: entry.written,
        cure: 'keep one of the two',
      },
    ];
  });
}

function checkSharedHashes(entries: readonly LockEntry[]): readonly Sighting[] {
  const owners = new Map<string, LockEntry>();
  return entries.flatMap((entry) => {
    const shared = entry.hashes.flatMap(({ value }) => {
      const owner = owners.get(value);
      if (owner === undefined) owners.set(value, entry);
      return owner === undefined || owner.name === entry.name ? [] : [{ owner, value }];
    });
    const [found] = shared;
    // A placeholder shared by many is told once per hash already.
    if (found === undefined || faultOf({ algorithm: 'sha256', value: found.value, line: 1 }) !== undefined) return [];
    const { owner, value } = found;
    return [
      {
        ...at(entry),
        message: `${entry.name ?? entry.written} has a hash of ${owner.name ?? owner.written} (line ${owner.line}); two packages never share one`,
        got: value,
        cure: 'compile the lock again',
      },
    ];
  });
}
