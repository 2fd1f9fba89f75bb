// Build secrets as docker/build-push-action takes them: one id=value per line, a value of several lines in quotes.
import * as core from '@actions/core';
import { Fault } from '../fault.ts';
import { Secret } from '../world/secret.ts';

/** Quotes stand around the whole of it: "id=first line⏎second line", with "" for one of its own. */
const ITEM = /"((?:[^"]|"")*)"[^\S\n]*(?:\n|$)|([^\n]*)(?:\n|$)/gy;

/** The secrets by id; their values are masked in the log of the run. Throws Fault `usage`, without a word of a value. */
export function readSecrets(text: string | undefined): ReadonlyMap<string, Secret> {
  const items = [...(text ?? '').replaceAll('\r\n', '\n').matchAll(ITEM)].flatMap(([, quoted, plain = '']) => {
    const item = quoted?.replaceAll('""', '"') ?? plain.trim();
    return item === '' ? [] : [item];
  });
  return new Map(items.map(readItem));
}

function readItem(item: string, index: number): readonly [string, Secret] {
  const equals = item.indexOf('=');
  const [id, value] = [item.slice(0, equals), item.slice(equals + 1)];
  if (equals < 1 || value === '' || !/^[A-Za-z_][\w.-]*$/.test(id)) {
    throw new Fault('usage', `item ${index + 1} of the input secrets is no secret`, {
      expected: 'id=value on each line, or "id=value" in quotes around several lines',
      found: equals < 1 ? 'no id before an equals sign' : value === '' ? 'no value' : 'an id that is none',
      cure: 'give one secret per line',
    });
  }
  // GitHub masks what it knows as a secret, which is all lines together.
  for (const line of value.split('\n')) if (line.trim() !== '') core.setSecret(line.trim());
  return [id, new Secret(value)];
}
