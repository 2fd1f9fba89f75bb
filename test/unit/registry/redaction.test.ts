import { expect, test } from 'vitest';
import { classifyRefusal } from '../../../src/registry/classify.ts';

test.each(['Basic Ym9iOnNlY3JldA==', 'bearer abc.def'])(
  'a server that sends %s back does not make us print it',
  (echo) => {
    const answer = { status: 401, headers: {}, body: Buffer.from(`you sent ${echo}`) };
    const asked = { what: 'GET /token', host: 'registry.example', elsewhere: false, nowMs: 0 };
    const told = JSON.stringify(classifyRefusal(answer, asked));
    expect(told).toContain('[redacted]');
    expect(told).not.toContain(echo.split(' ')[1]);
  },
);
