// The table of commands in docs/architecture.md, held against the table of the program.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.ts';

const PAGE = readFileSync(new URL('../../../docs/architecture.md', import.meta.url), 'utf8');
const TABLE = /^Every command has its room:\n\n((?:\|.*\n)+)/m.exec(PAGE)?.[1] ?? '';
const ROWS = TABLE.split('\n')
  .slice(2)
  .map((row) => row.split('|').map((cell) => cell.trim()));

function named(planned: boolean): readonly string[] {
  const rows = ROWS.filter(([, , , text = '']) => text.startsWith('planned') === planned);
  return rows.flatMap(([, cell = '']) => [...cell.matchAll(/`(\w+)/g)].map(([, name = '']) => name)).toSorted();
}

test('every command of the program is in the table, and none that is not there is passed off as one', () => {
  expect(named(false)).toEqual(Object.keys(COMMANDS).toSorted());
});

test('what is planned does not exist yet', () => {
  expect(named(true).filter((name) => Object.hasOwn(COMMANDS, name))).toEqual([]);
  expect(named(true)).toContain('lock');
});
