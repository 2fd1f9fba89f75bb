// The machine's own package mirror is found in either format of sources, and versions are compared number by number.
import { expect, test } from 'vitest';
import { atLeast, debianAddresses } from '../../../sandbox/tools.ts';

const STANZAS = `Types: deb
# URIs: http://snapshot.example/debian
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
`;

test('the stanza of the release counts, the one of its security updates does not', () => {
  expect(debianAddresses(STANZAS)).toEqual(['http://mirror.example/debian']);
});

test('the one-line format is read, with and without options', () => {
  const text = `deb cdrom:[Debian]/ bookworm main
deb [signed-by=/key.gpg] http://one.example/debian trixie main
deb http://two.example/debian bookworm-security main
# deb http://three.example/debian bookworm main
`;
  expect(debianAddresses(text)).toEqual(['http://one.example/debian']);
});

test('sources of others than Debian give nothing', () => {
  expect(debianAddresses('Types: deb\nURIs: http://node.example/\nSuites: nodistro\nComponents: main\n')).toEqual([]);
});

test.each([
  ['28.5.2', '26.1', true],
  ['26.1', '26.1', true],
  ['26.0.9', '26.1', false],
  ['0.9.9', '0.13', false],
  ['0.13', '0.13.1', false],
  ['none', '0.13', false],
])('%s is at least %s: %s', (found, least, expected) => {
  expect(atLeast(found, least)).toBe(expected);
});
