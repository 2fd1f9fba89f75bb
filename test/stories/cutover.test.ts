// One host's cutover on a real engine, as a user who is not root: forward, back, stopped, killed, refused.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readSandbox } from '../../sandbox/contract.ts';
import { showDocument } from '../../src/documents/document.ts';
import { PORT, StoryHost, type Wanted } from './cutover-host.ts';

const PROJECT = 'story-cutover';
let host: StoryHost;
let images: Record<'one' | 'two' | 'unhealthy' | 'exits' | 'error' | 'dies', string>;

beforeAll(async () => {
  host = new StoryHost(await readSandbox('stories'), PROJECT);
  await host.install();
  images = {
    one: await host.build('ok', 1),
    two: await host.build('ok', 2),
    unhealthy: await host.build('unhealthy', 3),
    exits: await host.build('exits', 4),
    error: await host.build('error', 5),
    dies: await host.build('dies', 6),
  };
});

beforeEach(() => host.reset());

const first = (): Wanted => ({ tag: 'r1', digest: images.one });
const second = (): Wanted => ({ tag: 'r2', digest: images.two });

async function arrive(wanted: Wanted): Promise<void> {
  const { code, stderr } = await host.cutover(wanted);
  expect(code, stderr).toBe(0);
}

/** A human who knows nothing of rollouts: `docker compose up -d` in the project folder. */
async function plainUpChangesNothing(): Promise<void> {
  const before = await host.containers();
  const up = await host.runner('sh', '-c', `cd ${host.folder} && docker compose up -d`);
  expect(up.code, up.stderr).toBe(0);
  expect(await host.containers()).toEqual(before);
}

describe('a release on a host', () => {
  test('starts a service that was not there; the same again, or a plain docker compose up -d, changes nothing', async () => {
    const { code, report, stderr } = await host.cutover(first());
    expect(code, stderr).toBe(0);
    expect(report).toMatchObject({ outcome: 'succeeded', services: [{ outcome: 'succeeded' }] });
    expect(await host.version()).toBe('1');
    await plainUpChangesNothing();
    const before = await host.containers();
    const again = await host.cutover({ ...first(), tag: 'r1-again' });
    expect(again.report?.services[0]?.outcome).toBe('unchanged');
    expect(await host.containers()).toEqual(before);
  });

  test('replaces the former one with a gap of seconds at most, and leaves secrets and data where they were', async () => {
    await arrive(first());
    const environment = await host.read('.env');
    const client = host.watch();
    const { report, stderr } = await host.cutover(second(), '--soak-ms', '1500');
    const { gaps } = await client.stop();
    expect(report?.services[0], stderr).toMatchObject({ outcome: 'succeeded', from: { health: 'healthy' } });
    const gap = report?.services[0]?.gap;
    console.log(`gap seen from outside: ${gaps.join(' + ')} ms; told: ${JSON.stringify(gap)}`);
    expect(gaps.length).toBeLessThanOrEqual(2);
    expect(gaps.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(5_000);
    expect(await host.version()).toBe('2');
    expect(await host.containers()).toHaveLength(1);
    expect(await host.read('.env')).toBe(environment);
    expect(environment).toContain('API_TOKEN=do-not-tell-this\nCOMPOSE_FILE=compose.mainpc.yml:compose.rollout.yml\n');
    expect(await host.read('data/visitors')).toBe('1\n2\n');
    await plainUpChangesNothing();
  });

  test('cuts over for a changed configuration alone: a variable, or a mounted file', async () => {
    await arrive(first());
    const painted = await host.cutover({ ...first(), tag: 'r2', colour: 'red' });
    expect(painted.report?.services[0]?.outcome, painted.stderr).toBe('succeeded');
    const set = await host.cutover({ ...first(), tag: 'r3', colour: 'red', settings: '{"a":1}\n' });
    expect(set.report?.services[0]?.outcome).toBe('succeeded');
    expect(await host.read('config/settings.json')).toBe('{"a":1}\n');
  });

  test('replaces in place where container_name forbids a second container, and goes back the same way', async () => {
    const name = `${PROJECT}-fixed`;
    await arrive({ ...first(), containerName: name });
    const moved = await host.cutover({ ...second(), containerName: name });
    expect(moved.code, moved.stderr).toBe(0);
    expect(await host.version()).toBe('2');
    const failed = await host.cutover({ tag: 'r3', digest: images.exits, containerName: name });
    expect(failed.code, failed.stderr).toBe(4);
    expect(await host.version()).toBe('2');
    await plainUpChangesNothing();
  });
});

describe('a release that fails', () => {
  const broken: readonly [string, keyof typeof images, RegExp][] = [
    ['answers 503', 'unhealthy', /expected status 200, found 503/],
    ['exits at once', 'exits', /it exited with 3/],
    ['answers 200 and {"status":"error"}', 'error', /expected exactly \{"status":"ok"\}, found \{"status":"error"\}/],
  ];
  test.each(broken)('is rolled back when it %s, and the old one serves', async (_what, image, reason) => {
    await arrive(first());
    const before = await host.containers();
    const { code, report } = await host.cutover({ tag: 'r2', digest: images[image], settings: '{"new":1}\n' });
    expect(code).toBe(4);
    expect(report).toMatchObject({ outcome: 'rolled-back', services: [{ outcome: 'rolled-back' }] });
    expect(report?.services[0]?.reason).toMatch(reason);
    expect(report?.services[0]?.evidence?.log.length).toBeGreaterThan(0);
    expect(JSON.stringify(report)).not.toContain('do-not-tell-this');
    expect(await host.version()).toBe('1');
    expect(await host.containers()).toEqual(before);
    expect(await host.read('config/settings.json')).toBe('{}\n');
    await plainUpChangesNothing();
  });

  test('is rolled back when it falls ill in its soak', async () => {
    await arrive(first());
    const { code, report } = await host.cutover({ tag: 'r2', digest: images.dies }, '--soak-ms', '20000');
    expect(code).toBe(4);
    expect(report?.services[0]?.reason).toMatch(/failed in its soak/);
    expect(await host.version()).toBe('1');
  });

  test('leaves an empty place empty when it was the first one', async () => {
    const environment = await host.read('.env');
    const { code } = await host.cutover({ tag: 'r1', digest: images.exits });
    expect(code).toBe(4);
    expect(await host.containers()).toEqual([]);
    expect(await host.read('.env')).toBe(environment);
    await expect(host.read('compose.mainpc.yml')).rejects.toThrow('ENOENT');
  });
});

describe('a wave of services', () => {
  test('goes back as one: what had moved already returns when what needs it fails', async () => {
    await arrive({ ...first(), companion: images.one });
    const before = await host.containers();
    const { code, report } = await host.cutover({ ...second(), companion: images.exits });
    expect(code).toBe(4);
    const states = report?.services.map(({ states: passed }) => passed.map(({ state }) => state));
    expect(states?.[0]).toContain('Promoting');
    expect(states?.[1]).toContain('Verifying');
    expect(report?.services.map(({ outcome }) => outcome)).toEqual(['rolled-back', 'rolled-back']);
    expect(report?.services[0]?.reason).toMatch(/^story-cutover-companion: unhealthy: it exited with 3/);
    expect(await host.version()).toBe('1');
    expect(await host.containers()).toEqual(before);
    await plainUpChangesNothing();
  });
});

describe('a rollout that is stopped', () => {
  test('by Ctrl-C puts the traffic back and ends with 130', async () => {
    await arrive(first());
    const before = await host.containers();
    const rollout = host.begin({ tag: 'r2', digest: images.unhealthy });
    await rollout.heard('"state":"Verifying"');
    rollout.kill('SIGINT');
    const { code, stdout } = await rollout.ended;
    expect(code).toBe(130);
    expect(stdout).toContain('"outcome":"aborted"');
    expect(await host.version()).toBe('1');
    expect(await host.containers()).toEqual(before);
    await arrive(second());
  });

  test('by SIGKILL is brought to an end by the next one, and its lock is gone at once', async () => {
    await arrive(first());
    const rollout = host.begin({ tag: 'r2', digest: images.unhealthy });
    await rollout.heard('"state":"Verifying"');
    await host.runner('sh', '-c', "kill -9 $(pgrep -f 'cutover --machine mainpc')");
    await rollout.ended;
    expect((await host.command('', 'status')).stderr).toMatch(/r2 in Verifying/);
    const { code, report, stderr } = await host.cutover({ tag: 'r3', digest: images.two }, '--lock-wait', '0');
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/release r2 was left in Verifying/);
    expect(report?.services[0]?.from).toMatchObject({ digest: images.one, health: 'healthy' });
    expect(await host.version()).toBe('2');
    expect(await host.containers()).toHaveLength(1);
  });

  test('holds off another one, which names it', async () => {
    await arrive(first());
    const rollout = host.begin({ tag: 'r2', digest: images.unhealthy });
    await rollout.heard('"state":"Verifying"');
    const refused = await host.cutover(second(), '--lock-wait', '0');
    rollout.kill('SIGINT');
    await rollout.ended;
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/held by release r2 of story-cutover on mainpc, process \d+/);
  });
});

describe('a rollout that is refused', () => {
  test('for a file that a human changed shows the difference and changes nothing', async () => {
    await arrive(first());
    const before = await host.containers();
    await host.runner('sh', '-c', `echo '{"by":"hand"}' > ${host.folder}/config/settings.json`);
    const refused = await host.cutover({ ...second(), settings: '{"by":"release"}\n' });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('-{"by":"hand"}');
    expect(refused.stderr).toContain('+{"by":"release"}');
    expect(await host.containers()).toEqual(before);
    expect(await host.read('config/settings.json')).toBe('{"by":"hand"}\n');
    const accepted = await host.cutover({ ...second(), settings: '{"by":"release"}\n' }, '--accept-files');
    expect(accepted.code, accepted.stderr).toBe(0);
    expect(await host.read('config/settings.json')).toBe('{"by":"release"}\n');
  });

  test('for want of disk says how much there is and how much it takes', async () => {
    await arrive(first());
    const before = await host.containers();
    const refused = await host.cutover({ ...second(), keepFreeBytes: 1024 ** 5 });
    expect(refused.code).toBe(1);
    expect(refused.report).toMatchObject({ outcome: 'failed', services: [{ outcome: 'failed' }] });
    const disk = refused.report?.preflight.find(({ rule }) => rule === 'P02');
    expect(disk).toMatchObject({ verdict: 'fail', expected: expect.stringMatching(/1048576\.0 GiB to keep/) });
    expect(await host.containers()).toEqual(before);
  });

  test('for a port that a stranger holds names the stranger and rollout adopt', async () => {
    await handRun(`${PROJECT}-stranger`);
    const refused = await host.cutover(first());
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/P07 .*another container holds the port: story-cutover-stranger/);
    expect(refused.stderr).toMatch(/rollout adopt/);
    expect(await host.version()).toBe('1');
  });
});

describe("today's containers", () => {
  test('are shown, recorded, taken over, kept as the way back, and returned to', async () => {
    await handRun(PROJECT);
    const shown = await host.command(
      showDocument(host.release(first())),
      'adopt',
      '--machine',
      'mainpc',
      '--release',
      '-',
      '--yes',
    );
    expect(shown.stderr).toMatch(
      /story-cutover +story-cutover +running +name, port 18080 +the next cutover takes it over/,
    );
    const moved = await host.cutover(second());
    expect(moved.code, moved.stderr).toBe(0);
    expect(await host.version()).toBe('2');
    expect(await host.containers()).toEqual([
      expect.stringMatching(/^story-cutover exited /),
      expect.stringMatching(/^story-cutover-story-cutover-1 running /),
    ]);
    const back = await host.cutover(second(), '--return');
    expect(back.code, back.stderr).toBe(0);
    expect(await host.version()).toBe('1');
    expect(await host.containers()).toEqual([expect.stringMatching(/^story-cutover running /)]);
    expect(await host.read('.env')).not.toContain('COMPOSE_FILE');
  });

  test('that are broken do not stop a rollout, and go once a second release succeeded', async () => {
    await handRun(PROJECT, '--env', 'MODE=unhealthy');
    await host.command(showDocument(host.release(first())), 'adopt', '--machine', 'mainpc', '--release', '-', '--yes');
    const moved = await host.cutover(second());
    expect(moved.report?.services[0]).toMatchObject({ outcome: 'succeeded', from: { health: 'unhealthy' } });
    await arrive({ ...second(), tag: 'r3', colour: 'red' });
    expect(await host.containers()).toEqual([expect.stringMatching(/^story-cutover-story-cutover-2 running /)]);
  });
});

describe('a hand-run container that has the very container_name of its service', () => {
  test('gives its name away for the cutover and gets it back on the way back', async () => {
    const name = `${PROJECT}-fixed`;
    await handRun(name);
    const wanted = { ...second(), containerName: name };
    await host.command(showDocument(host.release(wanted)), 'adopt', '--machine', 'mainpc', '--release', '-', '--yes');
    const failed = await host.cutover({ tag: 'r1', digest: images.exits, containerName: name });
    expect(failed.code, failed.stderr).toBe(4);
    expect(await host.containers()).toEqual([expect.stringMatching(/^story-cutover-fixed running /)]);
    const moved = await host.cutover(wanted);
    expect(moved.code, moved.stderr).toBe(0);
    expect(await host.version()).toBe('2');
    const back = await host.cutover(wanted, '--return');
    expect(back.code, back.stderr).toBe(0);
    expect(await host.version()).toBe('1');
    expect(await host.containers()).toEqual([expect.stringMatching(/^story-cutover-fixed running /)]);
  });
});

describe('the way back', () => {
  test('leads to the release before, with the registry out of reach and its images kept here', async () => {
    await arrive({ ...first(), settings: '{"release":1}\n' });
    await arrive({ ...second(), settings: '{"release":2}\n' });
    const { code, report, stderr } = await host.cutover({ ...second(), settings: '{"release":2}\n' }, '--return');
    expect(code, stderr).toBe(0);
    expect(report?.services[0]?.outcome).toBe('rolled-back');
    expect(await host.version()).toBe('1');
    expect(await host.read('config/settings.json')).toBe('{"release":1}\n');
    await plainUpChangesNothing();
    expect((await host.command('', 'status', '--format', 'json')).stdout).toContain('"release":"r1"');
    await arrive({ ...second(), settings: '{"release":2}\n' });
  });
});

describe('a self-healing supervisor', () => {
  test('is stopped for the cutover and started after it, also when that fails', async () => {
    await arrive(first());
    const name = `${PROJECT}-healer`;
    const image = `${host.repository}@${images.one}`;
    await host.runner('docker', 'run', '-d', '--name', name, image, 'sleep', '1000');
    const { report } = await host.cutover({ tag: 'r2', digest: images.exits, supervisor: name });
    const events = report?.supervisors.map(({ event }) => event) ?? [];
    expect(events[0]).toBe('stopping it for the cutover');
    expect(events).toContain('die');
    expect(events.at(-1)).toBe('started again');
    expect(await host.containers()).toContainEqual(expect.stringMatching(new RegExp(`^${name} running `)));
  });
});

async function handRun(name: string, ...flags: readonly string[]): Promise<void> {
  const image = `${host.repository}@${images.one}`;
  const publish = ['-p', `${PORT}:8080`, '-v', `${host.folder}/data:/data`];
  const ran = await host.runner('docker', 'run', '-d', '--name', name, ...publish, ...flags, image);
  expect(ran.code, ran.stderr).toBe(0);
}
