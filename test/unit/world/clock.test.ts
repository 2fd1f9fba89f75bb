import { expect, test } from 'vitest';
import { systemClock } from '../../../src/world/clock.ts';

test('a wait beyond the reach of a timer is not over at once', async () => {
  const abort = new AbortController();
  const waiting = systemClock.sleep(2 ** 40, abort.signal);
  const first = await Promise.race([
    waiting.catch(() => 'aborted'),
    systemClock.sleep(100).then(() => 'still waiting'),
  ]);
  expect(first).toBe('still waiting');
  abort.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
});
