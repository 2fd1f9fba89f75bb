// Answers of git for a repository held in a map: HEAD, its files by content, a log, and what changed since a commit.
import { createHash } from 'node:crypto';
import type { Finished } from '../../src/world/process.ts';

export interface GitState {
  readonly head: string;
  readonly commits?: readonly { readonly sha: string; readonly paths: readonly string[] }[];
  /** Commit → paths; a commit that is not here is not in the clone. */
  readonly changedSince?: Readonly<Record<string, readonly string[]>>;
  readonly remote?: string;
  readonly broken?: boolean;
}

export function gitAnswers(files: Readonly<Record<string, string>>, state: GitState) {
  const paths = Object.keys(files);
  const commits = state.commits ?? [{ sha: state.head, paths }];
  return (command: readonly string[]): Partial<Finished> | undefined => {
    if (command[0] !== 'git') return undefined;
    const args = command[1] === '-c' ? command.slice(3) : command.slice(1);
    if (state.broken === true && !args.includes('ls-files'))
      return { exitCode: 128, stderr: 'fatal: not a git repository (or any of the parent directories): .git' };
    const [verb, ...rest] = args;
    const last = rest.at(-1) ?? '';
    if (verb === 'rev-parse' && last === '--git-dir') return { stdout: '.git\n' };
    if (verb === 'rev-parse' && last === 'HEAD') return { stdout: `${state.head}\n` };
    if (verb === 'rev-parse') {
      const sha = last.replace('^{commit}', '');
      return state.changedSince?.[sha] === undefined ? { exitCode: 1 } : { stdout: `${sha}\n` };
    }
    if (verb === 'diff') {
      return { stdout: last === 'HEAD' ? '' : (state.changedSince?.[last] ?? []).map((path) => `${path}\0`).join('') };
    }
    if (verb === 'ls-files' && rest.includes('--stage')) {
      return { stdout: paths.map((path) => `100644 ${blob(files[path] ?? '')} 0\t${path}\0`).join('') };
    }
    if (verb === 'ls-files' && rest.includes('--others')) return { stdout: '' };
    if (verb === 'log') {
      return { stdout: commits.map((one) => `\u0001${one.sha}\n\n${one.paths.join('\n')}\n`).join('') };
    }
    if (verb === 'remote') return state.remote === undefined ? { exitCode: 2 } : { stdout: `${state.remote}\n` };
    return undefined;
  };
}

function blob(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
