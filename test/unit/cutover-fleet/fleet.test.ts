// The fleet driver against real child processes that stand for hosts: they succeed, fail, die, hang and talk nonsense.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cutoverFleet, fleetExitCode, type FleetOptions } from '../../../src/cutover/fleet.ts';
import {
  fleetCutoverSchema,
  hostCutoverSchema,
  type CutoverEvent,
  type FleetCutover,
} from '../../../src/documents/cutover.ts';
import type { Deployment } from '../../../src/documents/fleet.ts';
import type { Clock } from '../../../src/world/clock.ts';
import type { Log } from '../../../src/world/log.ts';
import { realWorld, type World } from '../../../src/world/world.ts';
import type { Behaviour } from '../../fakes/fleet-host.ts';
import { smallRelease, TAG } from '../../fakes/fleet-release.ts';

const PROBER = ['node', 'src/cli/main.ts', 'probe'];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Run {
  readonly fleet: FleetCutover;
  /** How the hosts were called, in order. */
  readonly calls: readonly string[];
  readonly told: readonly string[];
  readonly events: readonly CutoverEvent[];
}

interface Scene {
  readonly behaviours?: Readonly<Record<string, Behaviour>>;
  readonly deployment?: Partial<Deployment>;
  readonly options?: Partial<FleetOptions>;
  readonly clock?: Clock;
  /** Called with every line told to people. */
  readonly onLine?: (line: string) => void;
}

async function run(scene: Scene): Promise<Run> {
  const log = join(folder, 'calls');
  const script = join(folder, 'script.json');
  await writeFile(log, '');
  await writeFile(script, JSON.stringify({ log, behaviours: scene.behaviours ?? {} }));
  const told: string[] = [];
  const events: CutoverEvent[] = [];
  const release = smallRelease();
  const fleet = await cutoverFleet(listening(scene, told), {
    release: { ...release, deployment: { ...release.deployment, ...scene.deployment } },
    command: ['node', 'test/fakes/fleet-host.ts', script],
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
    ...scene.options,
  });
  expect(fleetCutoverSchema.parse(fleet)).toEqual(fleet);
  const calls = (await readFile(log, 'utf8')).trimEnd().split('\n');
  return { fleet, calls: calls.map((line) => line.replace(` ${TAG}`, '')), told, events };
}

function listening(scene: Scene, told: string[]): World {
  const say = (text: string): void => {
    told.push(text);
    scene.onLine?.(text);
  };
  const log: Log = { step: say, info: say, done: say, warn: say, error: say, group: (_title, act) => act() };
  const world = realWorld();
  return { ...world, log, clock: scene.clock ?? world.clock };
}

/** Minutes pass in tenths of a second. */
function hasty(): Clock {
  const { clock } = realWorld();
  return { ...clock, sleep: (ms, signal) => clock.sleep(Math.min(ms, 100 + ms / 1_000), signal) };
}

const outcomes = (fleet: FleetCutover): readonly string[] => fleet.waves.map(({ outcome }) => outcome);
const machinesNamed = (change: Partial<Deployment['machines'][number]>, name = 'pc2'): Partial<Deployment> => ({
  machines: smallRelease().deployment.machines.map((one) => (one.name === name ? { ...one, ...change } : one)),
});

describe('a rollout over two hosts', () => {
  it('calls each host once per wave, in order, with its soak and the release', async () => {
    const { fleet, calls, told } = await run({});
    expect(calls).toEqual(['mainpc brain soak=3000', 'mainpc bus soak=0', 'pc2 bus,eyes soak=0']);
    expect(fleet.outcome).toBe('succeeded');
    expect(fleet.hosts.map(({ machine }) => machine)).toEqual(['mainpc', 'mainpc', 'pc2']);
    expect(fleet).toMatchObject({ tag: TAG, returned: [], probes: [] });
    expect(told).toContainEqual(expect.stringMatching(/^pc2 eyes Succeeded \d+\.\ds$/));
  });

  it('puts the reach of a machine before the command', async () => {
    const { calls } = await run({ deployment: machinesNamed({ reach: ['env', 'X=1'] }) });
    expect(calls).toHaveLength(3);
  });

  it('skips a wave without services', async () => {
    const waves = smallRelease().deployment.waves.map((wave, n) => (n === 1 ? { ...wave, services: [] } : wave));
    const { fleet, calls } = await run({ deployment: { waves } });
    expect(calls).toEqual(['mainpc brain soak=3000', 'pc2 bus,eyes soak=0']);
    expect(outcomes(fleet)).toEqual(['succeeded', 'skipped', 'succeeded']);
    expect(fleet.waves[1]?.reason).toBe('no service changes in it');
  });

  it('hands every event on, and lines that are none as notes', async () => {
    const { fleet, events, told } = await run({ behaviours: { 'mainpc brain': 'garbage' } });
    expect(fleet.outcome).toBe('succeeded');
    expect(events.filter(({ kind }) => kind === 'result')).toHaveLength(3);
    expect(events.filter(({ kind }) => kind === 'note')).toHaveLength(3);
    expect(told).toContainEqual('mainpc said what is no event: Pseudo-terminal will not be allocated');
  });
});

describe('a failure', () => {
  it('of the canary leaves the rest untouched', async () => {
    const { fleet, calls } = await run({ behaviours: { 'mainpc brain': 'roll-back' } });
    expect(calls).toHaveLength(1);
    expect(fleet.outcome).toBe('rolled-back');
    expect(outcomes(fleet)).toEqual(['rolled-back', 'skipped', 'skipped']);
    expect(fleet.waves[0]?.reason).toBe('brain rolled-back: health said no');
    expect(fleet.waves[2]?.reason).toBe('wave canary-mainpc failed before');
  });

  it('of the second machine returns the first, the last service first', async () => {
    const { fleet, calls } = await run({ behaviours: { 'pc2 bus,eyes': 'roll-back' } });
    expect(calls.slice(3)).toEqual(['mainpc return bus,brain soak=-']);
    expect(fleet.outcome).toBe('rolled-back');
    expect(outcomes(fleet)).toEqual(['succeeded', 'succeeded', 'rolled-back']);
    expect(fleet.waves[0]?.reason).toBe('later returned to the former release');
    expect(fleet.returned).toHaveLength(1);
  });

  it('leaves the hosts as they are when it is to halt', async () => {
    const { fleet, calls } = await run({
      behaviours: { 'pc2 bus,eyes': 'roll-back' },
      deployment: { onFailure: 'halt' },
    });
    expect(calls).toHaveLength(3);
    expect(fleet.outcome).toBe('failed');
  });

  it('inside a wave returns the services of the wave that had moved', async () => {
    const { fleet, calls } = await run({ behaviours: { 'pc2 bus,eyes': 'partly' } });
    expect(calls.slice(3)).toEqual(['pc2 return bus soak=-', 'mainpc return bus,brain soak=-']);
    expect(fleet.outcome).toBe('rolled-back');
  });

  it('on the way back is degraded, and the other hosts are returned all the same', async () => {
    const { fleet, calls } = await run({ behaviours: { 'pc2 bus,eyes': 'partly', 'pc2 return': 'degrade' } });
    expect(calls.slice(3)).toEqual(['pc2 return bus soak=-', 'mainpc return bus,brain soak=-']);
    expect(fleet.outcome).toBe('degraded');
  });

  it('is a host that says succeeded and leaves a service out', async () => {
    const { fleet } = await run({ behaviours: { 'pc2 bus,eyes': 'lie' } });
    expect(fleet.waves[2]).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('bus is not in it') });
    expect(fleet.outcome).toBe('rolled-back');
  });
});

describe('a report that does not fit', () => {
  it('of a way back that leaves a service out is no way back', async () => {
    const { fleet } = await run({ behaviours: { 'mainpc bus': 'fail', 'mainpc return': 'lie' } });
    expect(fleet.outcome).toBe('degraded');
  });

  it('because it speaks for another machine is not heard', async () => {
    const { fleet } = await run({ behaviours: { 'mainpc brain': 'mistake' }, deployment: { onFailure: 'halt' } });
    expect(fleet.waves[0]).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('without a report') });
    expect(fleet.outcome).toBe('degraded');
  });
});

describe('a host that falls silent', () => {
  it('is told with its last states and words, and asked to return what it had begun', async () => {
    const { fleet, calls } = await run({ behaviours: { 'pc2 bus,eyes': 'die' } });
    expect(fleet.waves[2]?.outcome).toBe('failed');
    expect(fleet.waves[2]?.reason).toMatch(
      /without a report: exit code 255; last heard: bus Starting, eyes Starting; it said: Error: the engine went away; what runs there is not known for bus, eyes/,
    );
    expect(calls.slice(3)).toEqual(['pc2 return eyes,bus soak=-', 'mainpc return bus,brain soak=-']);
    expect(fleet.outcome).toBe('rolled-back');
  });

  it('and can not be returned leaves the rollout degraded', async () => {
    const { fleet } = await run({ behaviours: { 'pc2 bus,eyes': 'die', 'pc2 return': 'die' } });
    expect(fleet.outcome).toBe('degraded');
    expect(fleet.waves[2]?.reason).toContain('could not be returned');
  });

  it('before any event has changed nothing as far as is known', async () => {
    const { fleet, calls } = await run({ behaviours: { 'mainpc brain': 'die-early' } });
    expect(calls).toHaveLength(1);
    expect(fleet.outcome).toBe('failed');
    expect(fleet.waves[0]?.reason).toContain('no event had come from it; it said: connect to host port 22');
  });

  it('past its deadline is asked to put things back', async () => {
    const { fleet, calls } = await run({ behaviours: { 'mainpc brain': 'hang' }, clock: hasty() });
    expect(calls).toEqual(['mainpc brain soak=3000', 'SIGINT']);
    expect(fleet.waves[0]?.outcome).toBe('aborted');
  });

  it('and does not react is killed, and what is not known is said', async () => {
    const { fleet, calls } = await run({ behaviours: { 'mainpc brain': 'stuck' }, clock: hasty() });
    expect(calls[0]).toBe('mainpc brain soak=3000');
    expect(calls).toContain('SIGINT');
    const pid = Number(calls.find((line) => line.startsWith('pid '))?.slice(4));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(fleet.waves[0]?.reason).toMatch(
      /did not put things back within 120000 ms past its \d+ ms, and was given up/,
    );
    expect(fleet.waves[0]?.reason).toContain('not known for brain');
  });

  it('but has given its report is believed, and not waited for', async () => {
    const { fleet } = await run({ behaviours: { 'mainpc brain': 'linger' }, clock: hasty() });
    expect(fleet.outcome).toBe('succeeded');
  });
});

describe('Ctrl-C', () => {
  it('puts the running wave back and starts no other', async () => {
    const stop = new AbortController();
    const { fleet, calls } = await run({
      behaviours: { 'mainpc bus': 'hang' },
      options: { signal: stop.signal },
      onLine: (line) => line.startsWith('mainpc bus Starting') && stop.abort(),
    });
    expect(calls).toEqual(['mainpc brain soak=3000', 'mainpc bus soak=0', 'SIGINT']);
    expect(outcomes(fleet)).toEqual(['succeeded', 'aborted', 'skipped']);
    expect(fleet.outcome).toBe('aborted');
    expect(fleet.waves[2]?.reason).toBe('the rollout was stopped before');
  });

  it('before the first wave changes nothing', async () => {
    const { fleet, calls } = await run({ options: { signal: AbortSignal.abort() } });
    expect(calls).toEqual(['']);
    expect(fleet.outcome).toBe('aborted');
  });

  it('does not interrupt a way back', async () => {
    const stop = new AbortController();
    const { fleet, calls } = await run({
      behaviours: { 'mainpc bus': 'fail' },
      options: { signal: stop.signal },
      onLine: (line) => line.startsWith('returning') && stop.abort(),
    });
    expect(calls).toEqual(['mainpc brain soak=3000', 'mainpc bus soak=0', 'mainpc return brain soak=-']);
    expect(fleet.outcome).toBe('rolled-back');
  });
});

describe('a machine out of reach', () => {
  it('is found before anything moves', async () => {
    const { fleet, calls } = await run({ deployment: machinesNamed({ reach: ['false'] }) });
    expect(calls).toEqual(['']);
    expect(fleet.outcome).toBe('failed');
    expect(outcomes(fleet)).toEqual(['skipped', 'skipped', 'skipped']);
    expect(fleet.waves[2]?.reason).toMatch(/^pc2 is out of reach: exit code 1: false true/);
    expect(fleet.waves[0]?.reason).toMatch(/^nothing began: pc2 is out of reach/);
  });

  it('is left behind where the configuration says skip', async () => {
    const { fleet, calls } = await run({ deployment: machinesNamed({ reach: ['false'], offline: 'skip' }) });
    expect(calls).toHaveLength(2);
    expect(outcomes(fleet)).toEqual(['succeeded', 'succeeded', 'skipped']);
    expect(fleet.outcome).toBe('succeeded');
  });

  it('is told apart from one without the command', async () => {
    const { fleet } = await run({
      options: { command: ['/nowhere/rollout'] },
      deployment: machinesNamed({ offline: 'skip' }),
    });
    expect(fleet.outcome).toBe('failed');
    expect(fleet.waves[2]?.reason).toMatch(/^pc2 has no rollout command: .*rollout host init/s);
  });

  it('is waited for where the configuration says wait', async () => {
    const switchFile = join(folder, 'on');
    const waiting: string[] = [];
    const { fleet } = await run({
      deployment: machinesNamed({ reach: ['sh', '-c', `test -e ${switchFile} && exec "$@"`, 'sh'], offline: 'wait' }),
      clock: hasty(),
      onLine: (line) => {
        if (!line.includes('waiting')) return;
        waiting.push(line);
        if (waiting.length === 2) void writeFile(switchFile, '');
      },
    });
    expect(waiting.length).toBeGreaterThanOrEqual(2);
    expect(fleet.outcome).toBe('succeeded');
  });
});

describe('the measurement beside a rollout', () => {
  it('asks every published endpoint through all waves', async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.end('{"status":"ok"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const host = (server.address() as AddressInfo).port;
    const placements = smallRelease().deployment.placements.map((placement) =>
      placement.service === 'eyes'
        ? { ...placement, ports: [{ host, container: 8080, protocol: 'tcp' as const }] }
        : placement,
    );
    const { fleet } = await run({ options: { prober: PROBER }, deployment: { placements } });
    server.close();
    expect(fleet.probes).toMatchObject([{ machine: 'pc2', service: 'eyes', requests: asked, failed: 0 }]);
    expect(asked).toBeGreaterThan(2);
  });

  it('does not begin where nothing else does', async () => {
    const marker = join(folder, 'measured');
    const placements = smallRelease().deployment.placements.map((placement) => ({
      ...placement,
      ports: [{ host: 1, container: 8080, protocol: 'tcp' as const }],
    }));
    const deployment = { placements, ...machinesNamed({ reach: ['false'] }) };
    const { fleet } = await run({ options: { prober: ['touch', marker] }, deployment });
    expect(fleet.outcome).toBe('failed');
    await expect(readFile(marker)).rejects.toThrow('ENOENT');
  });

  it('is missing, and the rollout goes on, when the prober fails', async () => {
    const placements = smallRelease().deployment.placements.map((placement) => ({
      ...placement,
      ports: [{ host: 1, container: 8080, protocol: 'tcp' as const }],
    }));
    const { fleet, told } = await run({ options: { prober: ['false'] }, deployment: { placements } });
    expect(fleet).toMatchObject({ outcome: 'succeeded', probes: [] });
    expect(told).toContainEqual(expect.stringContaining('downtime was not measured: exit code 1'));
  });
});

describe('the exit code', () => {
  it.each([
    ['succeeded', 0],
    ['failed', 1],
    ['rolled-back', 4],
    ['degraded', 5],
    ['aborted', 130],
  ] as const)('of %s is %i', (outcome, code) => {
    expect(fleetExitCode(outcome)).toBe(code);
  });

  it('covers every outcome a host can have', () => {
    for (const outcome of hostCutoverSchema.shape.outcome.options) expect(fleetExitCode(outcome)).toBeTypeOf('number');
  });
});
