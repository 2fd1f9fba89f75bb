import { describe, expect, test } from 'vitest';
import { BuildProgress } from '../../../src/build/progress.ts';

const STARTED = '2026-11-23T21:34:59.2Z';
const ENDED = '2026-11-23T21:35:01.7Z';

function line(name: string, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ vertexes: [{ digest: `sha256:${name}`, name, ...more }] });
}

function states(progress: BuildProgress): Record<string, string> {
  return Object.fromEntries([...progress.targets.values()].map(({ name, state }) => [name, state]));
}

describe('progress', () => {
  test('a target that was stopped because another failed has not failed', () => {
    const progress = new BuildProgress(['bad', 'good', 'late']);
    progress.feed(line('[good 2/2] RUN sleep 2', { started: STARTED }));
    progress.feed(line('[bad 2/2] RUN false', { started: STARTED, completed: ENDED, error: 'exit code: 1' }));
    const error = 'process "/bin/sh -c sleep 2" did not complete successfully: exit code: 137: context canceled';
    progress.feed(line('[good 2/2] RUN sleep 2', { started: STARTED, completed: ENDED, error }));
    expect(states(progress)).toEqual({ bad: 'failed', good: 'stopped', late: 'waiting' });
  });

  test('with one target buildx names none, and still it is known', () => {
    const progress = new BuildProgress(['web']);
    expect(progress.feed(line('[2/3] RUN pip', { started: STARTED }))).toEqual(['web  building']);
    expect(progress.running(Date.parse(ENDED))).toEqual(['web  RUN pip, 2.5 s so far']);
  });

  test('a build all from the cache says so', () => {
    const progress = new BuildProgress(['a', 'b']);
    progress.feed(line('[a 1/1] RUN x', { started: STARTED, completed: STARTED, cached: true }));
    progress.feed(line('[a] exporting to image', { started: STARTED }));
    const told = progress.feed(line('[a] exporting to image', { started: STARTED, completed: ENDED }));
    expect(told).toEqual(['a  done in 2.5 s, all from the cache']);
  });

  test('lines that are no progress are kept for the error they hold; broken JSON is one of them', () => {
    const progress = new BuildProgress(['a']);
    for (const text of ['{"vertexes":', 'ERROR: no', '', '{"statuses":[]}']) progress.feed(text);
    expect(progress.plain).toEqual(['{"vertexes":', 'ERROR: no']);
  });
});
