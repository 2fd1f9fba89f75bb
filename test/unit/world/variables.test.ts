// Variables of a world of their own.
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/world/secret.ts';
import { withVariables } from '../../../src/world/variables.ts';
import { realWorld } from '../../../src/world/world.ts';

const outside = realWorld();
const inside = withVariables(outside, { PLAIN: 'one', HIDDEN: new Secret('two') });
const SHOW = ['sh', '-c', 'echo "$PLAIN $HIDDEN $MORE"'];
const deadlineMs = 5_000;

describe('a world with variables', () => {
  it('shows them to who asks', () => {
    expect(inside.environment.variable('PLAIN')).toBe('one');
    expect(inside.environment.secret('HIDDEN')?.reveal()).toBe('two');
    expect(inside.environment.secret('PLAIN')?.reveal()).toBe('one');
    expect(inside.environment.all()).toMatchObject({ PLAIN: 'one', HIDDEN: 'two' });
    expect(inside.environment.variable('PATH')).toBe(process.env['PATH']);
  });

  it('gives them to its processes, however they are started', async () => {
    expect((await inside.processes.run(SHOW, { deadlineMs })).stdout).toBe('one two \n');
    expect((await inside.processes.attempt(SHOW, { deadlineMs })).stdout).toBe('one two \n');
    expect((await inside.processes.start(SHOW, { deadlineMs }).finished).stdout).toBe('one two \n');
  });

  it('lets a process have others besides', async () => {
    const environment = { MORE: 'three', PLAIN: 'other' };
    expect((await inside.processes.run(SHOW, { deadlineMs, environment })).stdout).toBe('other two three\n');
  });

  it('takes an empty one for an unset one, as the environment does', () => {
    const emptied = withVariables(outside, { PATH: '' });
    expect(emptied.environment.variable('PATH')).toBeUndefined();
    expect(emptied.environment.secret('PATH')).toBeUndefined();
  });

  it('leaves the world it was made from as it was', async () => {
    expect(outside.environment.variable('PLAIN')).toBeUndefined();
    expect((await outside.processes.run(SHOW, { deadlineMs })).stdout).toBe('  \n');
  });
});
