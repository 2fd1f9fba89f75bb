// RA901: services that run on one machine do not ask for one port of it.
import type { Port } from '../../documents/fleet.ts';
import type { FleetRule, Sighting } from '../rule.ts';
import type { PublishedPorts } from '../subject.ts';

export const RA901: FleetRule = {
  id: 'RA901',
  title: 'Every port of a machine has one owner',
  severity: 'error',
  breaks: 'start',
  on: 'fleet',
  page: {
    proves: 'No two services of a machine publish the same port on the same address.',
    why: 'The second container that asks for a port does not start: "port is already allocated".',
    bad: 'services:\n  a: { ports: ["8000:8000"] }\n  b: { ports: ["8000:9000"] }',
    good: 'services:\n  a: { ports: ["8000:8000"] }\n  b: { ports: ["8001:9000"] }',
  },
  check: ({ published }) =>
    published.flatMap((mine, index) => published.slice(0, index).flatMap((other) => collide(mine, other))),
};

function collide(mine: PublishedPorts, other: PublishedPorts): readonly Sighting[] {
  if (mine.machine !== other.machine || mine.service === other.service) return [];
  return mine.ports.flatMap((port) => {
    const taken = other.ports.find((candidate) => sameHostPort(candidate, port));
    if (taken?.host === undefined) return [];
    return [
      {
        file: mine.file,
        line: mine.line,
        endLine: mine.line,
        column: 1,
        message: `${mine.service} and ${other.service} both publish port ${taken.host}/${port.protocol} of ${mine.machine}`,
        expected: 'one service per port of a machine',
        got: `${other.file}:${other.line} has it too`,
        cure: 'give one of them another port',
      },
    ];
  });
}

function sameHostPort(a: Port, b: Port): boolean {
  if (a.host === undefined || a.host !== b.host || a.protocol !== b.protocol) return false;
  return a.address === undefined || b.address === undefined || a.address === b.address;
}
