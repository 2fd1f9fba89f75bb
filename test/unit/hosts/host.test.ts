import type { Machine } from '../../../src/documents/fleet.ts';
import { describe, expect, it } from 'vitest';
import { installHost } from '../../../src/hosts/install.ts';
import { listeningPorts } from '../../../src/hosts/listening.ts';
import { matchContainers } from '../../../src/hosts/ownership.ts';
import {
  checkDisk,
  checkEngine,
  checkOtherHands,
  checkPath,
  checkPorts,
  type PortsSeen,
} from '../../../src/hosts/preflight.ts';
import { container, placement } from '../../fakes/deployment.ts';
import { fakeWorld } from '../../fakes/world.ts';

const ENGINE = {
  ...{ version: '28.5.2', apiVersion: '1.51', operatingSystem: 'Debian', architecture: 'x86_64' },
  ...{ storageDriver: 'overlayfs', dataRoot: '/var/lib/docker', kind: 'native', swarm: false },
};
const GIB = 1024 ** 3;
const MACHINE: Machine = {
  ...{ name: 'mainpc', compose: 'c.yml', directory: '/srv/ai', engine: 'compose', runsOn: [], reach: [] },
  ...{ offline: 'fail', keepFreeBytes: 40 * GIB },
};

describe('host init', () => {
  it('refuses to install a Node that the program does not run on, before it does anything', async () => {
    const world = fakeWorld();
    const installation = {
      ...{ from: '/dist', node: '/usr/bin/node', nodeVersion: 'v20.20.2' },
      ...{ stateFolder: '/var/lib/rollout-action', socket: '/var/run/docker.sock' },
    };
    await expect(installHost(world, installation)).rejects.toMatchObject({
      code: 'unsupported',
      detail: { where: '/usr/bin/node', found: 'v20.20.2' },
    });
    expect(world.disk.size).toBe(0);
  });
});

describe('the engine', () => {
  it('passes as it is, and fails as a Swarm node, too old, or for another architecture', () => {
    expect(checkEngine(ENGINE).verdict).toBe('pass');
    expect(checkEngine({ ...ENGINE, swarm: true })).toMatchObject({
      verdict: 'fail',
      message: expect.stringContaining('Swarm'),
    });
    expect(checkEngine({ ...ENGINE, apiVersion: '1.9' })).toMatchObject({
      verdict: 'fail',
      expected: 'API 1.41 or newer',
    });
    expect(checkEngine({ ...ENGINE, architecture: 'aarch64' })).toMatchObject({ verdict: 'fail', expected: 'x86_64' });
  });
});

describe('the disk', () => {
  const check = (freeBytes: number | undefined, missingBytes: number | undefined): string =>
    checkDisk({ path: '/var/lib/docker', freeBytes, missingBytes }, MACHINE).verdict;

  it('must hold what is to be kept and 1.3 times what is pulled', () => {
    expect(check(53 * GIB, 10 * GIB)).toBe('pass');
    expect(check(52.9 * GIB, 10 * GIB)).toBe('fail');
    expect(check(40 * GIB, 0)).toBe('pass');
  });

  it('is unknown where it is not seen, and a warning where the registry did not say', () => {
    expect(check(undefined, 0)).toBe('unknown');
    expect(check(50 * GIB, undefined)).toBe('warn');
    expect(check(39 * GIB, undefined)).toBe('fail');
  });
});

describe('a port', () => {
  const old = container({ id: 'old' });
  const check = (rest: Partial<PortsSeen>): string[] =>
    checkPorts({
      placement: placement(),
      replaced: ['old'],
      containers: [old],
      listening: new Set([8080]),
      ...rest,
    }).map(({ verdict, message }) => `${verdict}: ${message}`);

  it('may be held by the container that is replaced', () => {
    expect(check({})).toEqual(['pass: held by the container it replaces']);
  });

  it('may be free, also while a stopped container wants it', () => {
    const stopped = container({ id: 'x', status: 'exited' });
    expect(check({ containers: [stopped], listening: new Set() })).toEqual(['pass: free']);
  });

  it('must not be held by another container, which is named', () => {
    expect(check({ replaced: [] })).toEqual(['fail: another container holds the port: web']);
  });

  it('must not be held by a process beside Docker', () => {
    expect(check({ containers: [] })[0]).toMatch(/^fail: a process that is no container/);
  });

  it('may be held by the old one on the host network, which the engine does not list', () => {
    const onHost = container({ id: 'old', networkMode: 'host', ports: [] });
    expect(check({ containers: [onHost] })).toEqual(['pass: free']);
  });
});

describe('a path', () => {
  const seen = { service: 'web', path: '/srv/ai/env/web.env', travels: false };

  it('must be there unless it comes with the release', () => {
    expect(checkPath({ ...seen, found: 'file' }).verdict).toBe('pass');
    expect(checkPath({ ...seen, found: undefined }).verdict).toBe('fail');
    expect(checkPath({ ...seen, found: undefined, travels: true }).verdict).toBe('pass');
  });
});

describe('other hands', () => {
  const healer = container({
    name: 'fleet-healer-1',
    labels: { 'com.docker.compose.service': 'healer' },
    mounts: [{ source: '/var/run/docker.sock', target: '/var/run/docker.sock' }],
  });

  it('that hold the engine’s socket must be named', () => {
    expect(checkOtherHands([container(), healer], [])).toEqual([
      expect.objectContaining({ rule: 'P14', verdict: 'warn' }),
    ]);
    expect(checkOtherHands([healer], ['healer'])[0]?.verdict).toBe('pass');
    expect(checkOtherHands([healer], ['fleet-healer-1'])[0]?.verdict).toBe('pass');
  });
});

describe('/proc/net/tcp', () => {
  it('says who listens, in both families, and not who is connected', () => {
    const head = '  sl  local_address rem_address   st tx_queue';
    const four = `${head}\n   0: 0100007F:1F90 00000000:0000 0A 00\n   1: 0100007F:C350 0100007F:1F90 01 00\n`;
    const six = `${head}\n   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 00\n`;
    expect([...listeningPorts(four, six, undefined)]).toEqual([8080, 443]);
  });
});

describe("today's containers", () => {
  const web = placement();
  const bus = placement({ service: 'event_bus', composeService: 'event_bus', image: 'event_bus', ports: [] });
  const fate = (containers: Parameters<typeof matchContainers>[1]): string[] =>
    matchContainers([web, bus], containers, '/srv/ai').map(
      ({ owner, why, container: found }) => `${owner} ${found?.id ?? '-'} ${why}`,
    );

  it('of the project’s own Compose come first, the running one of several', () => {
    const labels = { 'com.docker.compose.project.working_dir': '/srv/ai', 'com.docker.compose.service': 'web' };
    const own = [container({ id: 'a', labels, status: 'exited' }), container({ id: 'b', labels })];
    expect(fate(own)[0]).toBe('compose b Compose in /srv/ai');
  });

  it('are found by name however it is spelled, by port, and by image with one of them', () => {
    expect(fate([container({ id: 'a', name: 'Event-Bus', ports: [], image: 'x' })])[1]).toBe('hand-run a name');
    expect(fate([container({ id: 'a', name: 'other', image: 'x' })])[0]).toBe('hand-run a port 8080');
    expect(fate([container({ id: 'a', name: 'web' })])[0]).toBe('hand-run a name, port 8080, image');
  });

  it('are not taken for a service by the image alone', () => {
    expect(fate([container({ id: 'a', name: 'other', ports: [] })])[0]).toMatch(/^none - /);
  });

  it('serve one service each, the one they fit best', () => {
    const both = placement({ service: 'other', composeService: 'other', image: 'other' });
    const matches = matchContainers([both, web], [container({ id: 'a', name: 'web' })], '/srv/ai');
    expect(matches.map(({ container: found }) => found?.id)).toEqual([undefined, 'a']);
  });

  it('of another folder’s Compose are strangers that can be adopted', () => {
    const labels = { 'com.docker.compose.project.working_dir': '/home/me', 'com.docker.compose.service': 'web' };
    expect(fate([container({ id: 'a', labels })])[0]).toMatch(/^hand-run a/);
  });
});
