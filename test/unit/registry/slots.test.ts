import { expect, test } from 'vitest';
import { makeSlots } from '../../../src/registry/slots.ts';

test('never more at once than slots, all in the end, also after one failed', async () => {
  const slots = makeSlots(3);
  let [now, most] = [0, 0];
  const work = async (n: number): Promise<number> => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    if (n === 4) throw new Error('four');
    return n;
  };
  const done = await Promise.allSettled(Array.from({ length: 10 }, (_, n) => slots.use(() => work(n))));
  expect(most).toBe(3);
  expect(done.map(({ status }) => status).filter((status) => status === 'fulfilled')).toHaveLength(9);
});
