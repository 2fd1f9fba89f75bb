// Ports as compose files write them: `8101:8101`, `127.0.0.1:80:8080/tcp`, ranges, and the long form.
import type { Finding } from '../documents/findings.ts';
import type { Port } from '../documents/fleet.ts';
import { complain, type Position } from './complain.ts';
import { interpolate, TOO_DEEP_CURE } from './variables.ts';

export interface LongPort {
  readonly target: string;
  readonly published?: string | undefined;
  readonly protocol?: string | undefined;
  readonly host_ip?: string | undefined;
}

export interface ParsedPorts {
  readonly ports: readonly Port[];
  readonly findings: readonly Finding[];
}

const HIGHEST_PORT = 65_535;

/** One item of `ports:`; a range gives several. What only the host knows is a finding. */
export function parsePorts(written: string | LongPort, at: Position): ParsedPorts {
  const shown = typeof written === 'string' ? written : JSON.stringify(written);
  const long = typeof written === 'string' ? longForm(written) : written;
  if (long === undefined) return { ports: [], findings: [unreadable(shown, at)] };
  const container = rangeOf(long.target);
  const host = long.published === undefined ? undefined : rangeOf(long.published);
  const protocol = long.protocol ?? 'tcp';
  const paired = host === undefined || container?.length === host.length;
  if (container === undefined || !paired || (host === undefined && long.published !== undefined)) {
    return { ports: [], findings: [unreadable(shown, at)] };
  }
  if (protocol !== 'tcp' && protocol !== 'udp') return { ports: [], findings: [unreadable(shown, at)] };
  const address = long.host_ip === undefined || long.host_ip === '0.0.0.0' ? {} : { address: long.host_ip };
  const ports = container.map((port, index): Port => {
    const outside = host?.[index];
    return { ...(outside === undefined ? {} : { host: outside }), container: port, protocol, ...address };
  });
  return { ports, findings: [] };
}

/** Whether two published ports can't both be bound on one machine. */
export function clash(a: Port, b: Port): boolean {
  if (a.host === undefined || a.host !== b.host || a.protocol !== b.protocol) return false;
  return a.address === undefined || b.address === undefined || a.address === b.address;
}

/** `8102/tcp`, with the host's side before it when it is published elsewhere. */
export function showPort(port: Port): string {
  const host = port.host === undefined ? '' : `${port.address === undefined ? '' : `${port.address}:`}${port.host}:`;
  return `${host}${port.container}/${port.protocol}`;
}

function longForm(text: string): LongPort | undefined {
  const known = interpolate(text).text;
  if (known === undefined) return undefined;
  const [body = '', protocol] = known.split('/');
  const parts = /^(?:(?:(?<ip>\[[^\]]+\]|[^:]+):)?(?<published>[\d-]*):)?(?<target>[\d-]+)$/.exec(body)?.groups;
  const target = parts?.['target'];
  if (parts === undefined || target === undefined) return undefined;
  const published = parts['published'] === '' ? undefined : parts['published'];
  return { target, published, protocol, host_ip: parts['ip'] };
}

function rangeOf(text: string): readonly number[] | undefined {
  const known = interpolate(text).text;
  const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(known ?? '') ?? [];
  if (first === undefined) return undefined;
  const low = Number(first);
  const high = last === undefined ? low : Number(last);
  if (low < 1 || high > HIGHEST_PORT || high < low) return undefined;
  return Array.from({ length: high - low + 1 }, (_, index) => low + index);
}

function unreadable(text: string, at: Position): Finding {
  const deep = interpolate(text).tooDeep;
  return complain('RC010', at, {
    message: 'this port can not be known here',
    expected: 'numbers, or variables with a default: "${PORT:-8101}:8101"',
    got: text,
    cure: deep ? TOO_DEEP_CURE : 'write the numbers, or give the variable a default; a rollout must know every port',
  });
}
