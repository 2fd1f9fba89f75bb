// Build secrets, as people write them for docker/build-push-action.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readSecrets } from '../../../src/actions/secrets.ts';

let written: string[] = [];
beforeEach(() => {
  written = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

const read = (text: string | undefined) => {
  return Object.fromEntries([...readSecrets(text)].map(([id, secret]) => [id, secret.reveal()]));
};

describe('build secrets', () => {
  it('are one per line; empty lines and none at all are fine', () => {
    expect(read('hf_token=hf_1\n\n  other=a=b  \n')).toEqual({ hf_token: 'hf_1', other: 'a=b' });
    expect(read('hf_token=hf_1\r\nother=2\r\n')).toEqual({ hf_token: 'hf_1', other: '2' });
    expect(read('')).toEqual({});
    expect(read(undefined)).toEqual({});
  });

  it('may have several lines in quotes', () => {
    expect(read('"key=one\ntwo"\nhf_token=hf_1')).toEqual({ key: 'one\ntwo', hf_token: 'hf_1' });
    expect(read('"json={""a"": 1}"')).toEqual({ json: '{"a": 1}' });
  });

  it('are masked in the log, line by line, since GitHub knows only the whole', () => {
    read('"key=one\ntwo"\nhf_token=hf_1');
    expect(written.map((line) => line.trim())).toEqual(['::add-mask::one', '::add-mask::two', '::add-mask::hf_1']);
  });

  it.each(['hf_token', '=secret', 'hf_token=', '"hf_token=secret', 'a b=secret'])('are refused as %j', (text) => {
    expect(() => read(`good=1\n${text}`)).toThrow('item 2 of the input secrets is no secret');
  });

  it('are not told when they are refused', () => {
    try {
      read('two words=topsecret');
    } catch (error) {
      expect(JSON.stringify(error) + String(error)).not.toContain('topsecret');
    }
    expect.assertions(1);
  });
});
