// The golden fleet and the example fleet have nothing to find, with rollout.yml and without.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { validate } from '../../../src/validate/validate.ts';
import { silentLog } from '../../../src/world/log.ts';
import { realWorld } from '../../../src/world/world.ts';
import { check, edited, GOLDEN } from '../../fakes/golden-fleet.ts';

const EXAMPLE = join(import.meta.dirname, '../../../examples/fleet');

describe('a fleet without a mistake', () => {
  test('has no finding at all', async () => {
    expect(await check({ ...GOLDEN })).toEqual([]);
  });

  test('has none without rollout.yml either', async () => {
    expect(await check(edited([], { 'rollout.yml': undefined }))).toEqual([]);
  });

  test('is what examples/fleet is: no error, without any ignore', async () => {
    const found = await validate({ ...realWorld(), log: silentLog }, { root: EXAMPLE });
    expect(found.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(found.checked.length).toBeGreaterThan(15);
  });
});
