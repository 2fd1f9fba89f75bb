import { describe, expect, test } from 'vitest';
import { EXIT, exitCodeOf } from '../../src/exit-code.ts';
import { Fault, faultCode, tellFault } from '../../src/fault.ts';

describe('a fault', () => {
  test('tells what, where, expected, found and the cure, in this order', () => {
    const fault = new Fault('input', 'unknown key', { where: 'rollout.yml:3:1', expected: 'a', found: 'b', cure: 'c' });
    expect(tellFault(fault).split('\n')).toEqual([
      'unknown key',
      '  where     rollout.yml:3:1',
      '  expected  a',
      '  found     b',
      '  cure      c',
    ]);
  });

  test('leaves out what it does not know', () => {
    expect(tellFault(new Fault('engine', 'no answer'))).toBe('no answer');
  });

  test('keeps its cause', () => {
    const cause = new Error('inner');
    expect(new Fault('engine', 'outer', { cause }).cause).toBe(cause);
  });

  test('an abort leaves with 130, every other fault and every bug with 2', () => {
    expect(exitCodeOf(new Fault('aborted', 'x'))).toBe(EXIT.aborted);
    expect(exitCodeOf(new Fault('auth', 'x'))).toBe(EXIT.fault);
    expect(exitCodeOf(new TypeError('x'))).toBe(EXIT.fault);
    expect(faultCode(new TypeError('x'))).toBeUndefined();
  });
});
