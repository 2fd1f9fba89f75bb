import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { makeLog, type Log } from '../../../src/world/log.ts';

function logged(write: (log: Log) => unknown, variables: Readonly<Record<string, string>> = {}): string {
  let said = '';
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      said += String(chunk);
      done();
    },
  });
  const environment = { variable: (name: string) => variables[name], secret: () => undefined, all: () => variables };
  write(makeLog(environment, stream));
  return said;
}
const GITHUB = { GITHUB_ACTIONS: 'true' };

describe('a line of the log', () => {
  test('shows what would steer a terminal instead of steering it', () => {
    const hostile = 'a\u001b[2Jb\u0007c\rd\u009b31me\u202ef';
    const said = logged((log) => log.info(hostile));
    expect(said).toBe('  a\\u001b[2Jb\\u0007c\\u000dd\\u009b31me\\u202ef\n');
  });

  test('keeps its lines, its tabs, and every letter', () => {
    expect(logged((log) => log.info('größer\r\n\tzwei ✓'))).toBe('  größer\n\tzwei ✓\n');
  });

  test.each([
    ['::error::x', '  \\::error::x\n'],
    ['a\n  ::add-mask::x', '  a\n  \\::add-mask::x\n'],
    ['a ##[error]x', '  a #\\#[error]x\n'],
  ])('%j is no workflow command on GitHub', (text, said) => {
    expect(logged((log) => log.info(text), GITHUB)).toBe(said);
  });

  test('is left alone elsewhere: a double colon means nothing in a terminal', () => {
    expect(logged((log) => log.info('::1 is loopback'))).toBe('  ::1 is loopback\n');
  });

  test('the title of a group is one line and one command', () => {
    const said = logged((log) => void log.group('a%\n::error::x', async () => undefined), GITHUB);
    expect(said.split('\n')[0]).toBe('::group::a%25%0A\\::error::x');
  });
});
