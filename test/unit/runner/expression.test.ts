// Expressions as a runner evaluates them.
import { describe, expect, it } from 'vitest';
import { conditionOf, holds, interpolate, type JobStatus } from '../../runner/expression.ts';

const contexts = { inputs: { root: 'fleet', empty: '' }, steps: { plan: { outputs: { tag: 'r1' } } } };
const put = (text: string): string => interpolate(text, { contexts, status: 'success' });

describe('a text', () => {
  it.each([
    ['no expression', 'no expression'],
    ['${{ inputs.root }}', 'fleet'],
    ['${{ inputs.root }}/${{ steps.plan.outputs.tag }}!', 'fleet/r1!'],
    ['${{ inputs.none }}${{ steps.none.outputs.tag }}', ''],
    ["${{ inputs.empty || 'default' }}", 'default'],
    ["${{ format('{0}-{1}', inputs.root, 1) }}", 'fleet-1'],
    ["${{ fromJSON('[1,2]')[1] }}", '2'],
    ["${{ inputs.root == 'FLEET' }}", 'true'],
  ])('%s becomes %s', (text, expected) => {
    expect(put(text)).toBe(expected);
  });

  it('with an expression of an unknown context is refused', () => {
    expect(() => put('${{ secrets.token }}')).toThrow();
    expect(() => put('${{ inputs. }}')).toThrow();
  });
});

describe('a condition', () => {
  const inStates = (written: string | undefined): string => {
    const states = ['success', 'failure', 'cancelled'] as const satisfies readonly JobStatus[];
    return states.filter((status) => holds(conditionOf(written), { contexts, status })).join(' ');
  };

  it.each([
    [undefined, 'success'],
    ['', 'success'],
    ['always()', 'success failure cancelled'],
    ['${{ always() }}', 'success failure cancelled'],
    ['!cancelled()', 'success failure'],
    ['${{ !cancelled() }}', 'success failure'],
    ['failure()', 'failure'],
    ["inputs.root == 'fleet'", 'success'],
    ["inputs.root == 'other'", ''],
    ["failure() || inputs.root == 'fleet'", 'success failure cancelled'],
    ['inputs.empty', ''],
    ['inputs.root', 'success'],
  ])('%j holds after %j', (written, states) => {
    expect(inStates(written)).toBe(states);
  });
});
