// Ignores: honest ones hide what they name where they stand, the others hide nothing and are told.
import { describe, expect, test } from 'vitest';
import { API, BASE, checkEdited, HASH_B, LOCK, type Edit } from '../../fakes/golden-fleet.ts';

const REASON = 'reason="known"';
const ignore = (text: string): string => `# rollout-action ignore=${text}`;
/** A fleet with one RA301 on the service's USER, and a directive at the head of the file. */
const withHead = (directive: string): readonly Edit[] => [
  [API, 'USER 10001:10001\nENTRYPOINT', 'USER app\nENTRYPOINT'],
  [API, 'ARG BASE_IMAGE', `${directive}\nARG BASE_IMAGE`],
];
const rulesOf = async (edits: readonly Edit[]): Promise<readonly string[]> =>
  (await checkEdited(edits)).map(({ rule }) => rule);

describe('an ignore', () => {
  test.each([
    ['with a reason', `RA301 ${REASON}`],
    ['that ends today', `RA301 until=2026-11-23 ${REASON}`],
    ['of several rules', `RA301,RA302 ${REASON}`],
    ['in lower case', `ra301 ${REASON}`],
  ])('%s hides the finding', async (_name, text) => {
    expect(await rulesOf(withHead(ignore(text)))).toEqual([]);
  });

  test.each([
    ['without a reason', 'RA301', 'gives no reason'],
    ['with an empty reason', 'RA301 reason=""', 'gives no reason'],
    ['that ended yesterday', `RA301 until=2026-11-22 ${REASON}`, 'ended on 2026-11-22'],
    ['until a day that does not exist', `RA301 until=2026-02-30 ${REASON}`, 'is no day'],
    ['of no rule', ` ${REASON}`, 'names no rule'],
    ['of a rule that does not exist', `RA999 ${REASON}`, 'no rule RA999'],
    ['of ignores themselves', `RA001 ${REASON}`, 'no rule RA001'],
  ])('%s hides nothing and is told', async (_name, text, message) => {
    const found = await checkEdited(withHead(ignore(text)));
    expect(found.map(({ rule }) => rule).toSorted()).toEqual(['RA001', 'RA301']);
    expect(found.find(({ rule }) => rule === 'RA001')).toMatchObject({
      line: 1,
      severity: 'warning',
      message: expect.stringContaining(message),
    });
  });

  test('that hides nothing is told', async () => {
    const found = await checkEdited([[API, 'ARG BASE_IMAGE', `${ignore(`RA301 ${REASON}`)}\nARG BASE_IMAGE`]]);
    expect(found).toMatchObject([{ rule: 'RA001', file: API, line: 1, message: 'this ignore hides nothing' }]);
  });

  test('inside a stage holds for that stage alone', async () => {
    const twice: readonly Edit[] = [
      [API, 'AS builder\nUSER root', 'AS builder\nRUN ldconfig\nUSER root'],
      [API, 'AS runtime\nUSER root', `AS runtime\n${ignore(`RA302 ${REASON}`)}\nRUN ldconfig\nUSER root`],
    ];
    expect(await checkEdited(twice)).toMatchObject([{ rule: 'RA302', line: 4 }]);
  });

  test('right above a FROM holds for the stage that begins there', async () => {
    const above: readonly Edit[] = [
      [API, 'FROM ${BASE_IMAGE} AS runtime', `${ignore(`RA301 ${REASON}`)}\nFROM \${BASE_IMAGE} AS runtime`],
      [API, 'USER 10001:10001\nENTRYPOINT', 'USER app\nENTRYPOINT'],
    ];
    expect(await rulesOf(above)).toEqual([]);
  });

  test('in one file says nothing about another', async () => {
    const elsewhere: readonly Edit[] = [
      [API, 'USER 10001:10001\nENTRYPOINT', 'USER app\nENTRYPOINT'],
      [BASE, 'ARG PYTHON_IMAGE', `${ignore(`RA301 ${REASON}`)}\nARG PYTHON_IMAGE`],
    ];
    expect((await rulesOf(elsewhere)).toSorted()).toEqual(['RA001', 'RA301']);
  });

  test('works in a lock', async () => {
    const inLock: readonly Edit[] = [
      [LOCK, HASH_B, HASH_B.slice(0, 60)],
      [LOCK, 'fleetkit', `${ignore(`RA405 ${REASON}`)}\nfleetkit`],
    ];
    expect(await rulesOf(inLock)).toEqual([]);
  });
});
