// How a service's health is asked: port and path from rollout.yml, labels, HEALTHCHECK, or the only port it has.
import type { Health, Port } from '../documents/fleet.ts';
import type { ImageFacts } from '../images/dockerfile-facts.ts';
import type { Place } from '../images/dockerfile-instruction.ts';
import type { ComposeService } from './compose.ts';
import type { Position } from './complain.ts';
import { DEFAULTS } from './schema.ts';
import type { Sheet } from './sheet.ts';

export const HEALTH_PORT_LABEL = 'io.rollout.health-port';

export interface HealthQuestion {
  readonly sheet: Sheet;
  /** Prefix of the sources: `placements.mainpc.central_error_bus.health`. */
  readonly key: string;
  readonly service: ComposeService;
  readonly facts: ImageFacts | undefined;
  readonly dockerfile: string;
  /** Every port of the container that is known. */
  readonly ports: readonly Port[];
  readonly gpu: boolean;
}

export function deriveHealth(question: HealthQuestion): Health {
  const { sheet, key, service, gpu } = question;
  const own = sheet.reading.rollout.services?.[service.name]?.health;
  const all = sheet.reading.rollout.health;
  const ownPath = (name: string): readonly string[] => ['services', service.name, 'health', name];
  const pick = <T>(name: string, mine: T | undefined, common: T | undefined, fallback: T): T =>
    mine === undefined
      ? sheet.said(`${key}.${name}`, common, ['health', name], fallback)
      : sheet.said(`${key}.${name}`, mine, ownPath(name), fallback);
  const probe = probeOf(question);
  const port = derivePort(question, probe);
  const deadline = gpu ? DEFAULTS.gpuHealthyDeadlineMs : DEFAULTS.healthyDeadlineMs;
  const written = own?.path ?? all?.path;
  return {
    path:
      written === undefined && probe?.path !== undefined
        ? sheet.from(`${key}.path`, probe.path, probe.at)
        : pick('path', own?.path, all?.path, DEFAULTS.healthPath),
    exactly: pick('exactly', own?.exactly, all?.exactly, DEFAULTS.healthExactly),
    minHealthyTimeMs: pick(
      'min-healthy-time',
      own?.['min-healthy-time'],
      all?.['min-healthy-time'],
      DEFAULTS.minHealthyTimeMs,
    ),
    healthyDeadlineMs: pick('healthy-deadline', own?.['healthy-deadline'], all?.['healthy-deadline'], deadline),
    ...(port === undefined ? {} : { port }),
  };
}

interface Probe {
  readonly port: number | undefined;
  readonly path: string | undefined;
  readonly at: Position;
}

const LOCAL_URL = /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d+))?(\/[^\s'"`,)?#;]*)?/;

/** What HEALTHCHECK asks, as far as its text says it. */
function probeOf({ facts, dockerfile }: HealthQuestion): Probe | undefined {
  const check = facts?.healthcheck;
  if (check === undefined || check.value[0] === 'NONE') return undefined;
  const [, port, path] = LOCAL_URL.exec(check.value.join(' ')) ?? [];
  return { port: port === undefined ? undefined : Number(port), path, at: placeIn(dockerfile, check) };
}

interface PortCandidate {
  readonly port: number;
  readonly at: Position;
}

function derivePort(question: HealthQuestion, probe: Probe | undefined): number | undefined {
  const { sheet, key, service } = question;
  const written = sheet.reading.rollout.services?.[service.name]?.health?.port;
  if (written !== undefined) {
    return sheet.from(`${key}.port`, written, sheet.place(['services', service.name, 'health', 'port']));
  }
  const told = [...labelled(question), ...(probe?.port === undefined ? [] : [{ port: probe.port, at: probe.at }])];
  const candidates = told.length > 0 ? told : onlyPorts(question);
  const [first] = candidates;
  if (first === undefined) return undefined;
  const other = candidates.find(({ port }) => port !== first.port);
  if (other === undefined) return sheet.from(`${key}.port`, first.port, first.at);
  const numbers = [...new Set(candidates.map(({ port }) => port))];
  sheet.complain('RC006', told.length > 0 ? other.at : service.at('ports'), {
    message: `two ports could answer for the health of ${service.name}`,
    expected: 'one port',
    got: numbers.join(', '),
    breaks: 'health',
    cure: `say which one: services: { ${service.name}: { health: { port: ${first.port} } } }`,
  });
  return undefined;
}

function labelled({ service, facts, dockerfile }: HealthQuestion): readonly PortCandidate[] {
  const composed = Number(service.labels[HEALTH_PORT_LABEL]);
  const baked = facts?.labels.get(HEALTH_PORT_LABEL);
  const byCompose = composed > 0 ? [{ port: composed, at: service.at('labels') }] : [];
  const byImage =
    Number(baked?.value) > 0 && baked !== undefined
      ? [{ port: Number(baked.value), at: placeIn(dockerfile, baked) }]
      : [];
  return [...byCompose, ...byImage];
}

function onlyPorts({ service, ports }: HealthQuestion): readonly PortCandidate[] {
  const tcp = [...new Set(ports.filter(({ protocol }) => protocol === 'tcp').map(({ container }) => container))];
  return tcp.map((port) => ({ port, at: service.at('ports') }));
}

function placeIn(file: string, place: Place): Position {
  return { file, line: place.line, column: place.column };
}
