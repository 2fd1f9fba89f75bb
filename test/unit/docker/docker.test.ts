import { describe, expect, it } from 'vitest';
import { composeOf, createBesideCommand, recreateCommand, renderCommand } from '../../../src/docker/compose.ts';
import { connectEngine } from '../../../src/docker/engine.ts';
import { logLines } from '../../../src/docker/frames.ts';
import { fakeWorld } from '../../fakes/world.ts';

const PROJECT = { folder: '/srv/ai', files: ['compose.mainpc.yml', 'compose.rollout.yml'] };
const HEAD = 'docker compose --project-directory /srv/ai --file compose.mainpc.yml --file compose.rollout.yml';

describe('compose commands', () => {
  it('create beside without starting, recreating or building anything', () => {
    expect(createBesideCommand(PROJECT, { service: 'web', scale: 2 }).join(' ')).toBe(
      `${HEAD} up --no-start --no-deps --no-recreate --no-build --scale web=2 web`,
    );
    expect(recreateCommand(PROJECT, 'web').join(' ')).toBe(`${HEAD} up --detach --no-deps --no-build web`);
    expect(renderCommand(PROJECT).join(' ')).toBe(`${HEAD} config --format json`);
  });

  it('read a rendering, and refuse what is none', async () => {
    const says = (stdout: string) => composeOf(fakeWorld({}, { process: () => ({ stdout }) })).render(PROJECT);
    expect((await says('{"name":"ai","services":{"web":{"image":"x"}}}')).name).toBe('ai');
    await expect(says('{"services":{}}')).rejects.toMatchObject({ code: 'input' });
  });
});

describe('a log', () => {
  const frame = (type: number, text: string): Buffer => {
    const head = Buffer.alloc(8);
    head[0] = type;
    head.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([head, Buffer.from(text)]);
  };

  it('is taken out of its frames, both streams in order, a torn last one as far as it came', () => {
    const body = Buffer.concat([
      frame(1, 'one\nt'),
      frame(1, 'wo\n'),
      frame(2, 'ärger\n'),
      frame(1, 'torn away').subarray(0, 12),
    ]);
    expect(logLines(body)).toEqual(['one', 'two', 'ärger', 'torn']);
  });

  it('of a terminal is plain', () => {
    expect(logLines(Buffer.from('plain\r\nlines\r\n'))).toEqual(['plain', 'lines']);
    expect(logLines(new Uint8Array())).toEqual([]);
  });
});

describe('the engine', () => {
  const answering = (status: number, body: unknown) =>
    connectEngine(fakeWorld({}, { http: () => ({ status, body: Buffer.from(JSON.stringify(body)) }) }));

  it('is asked over the socket of DOCKER_HOST, and nowhere else', async () => {
    const asked: string[] = [];
    const http = ({ socket, method, url }: { socket?: string; method: string; url: string }) => {
      asked.push(`${socket} ${method} ${url}`);
      return { status: 304 };
    };
    const at = (variables: Record<string, string>) => connectEngine(fakeWorld({}, { variables, http }));
    await at({ DOCKER_HOST: 'unix:///run/user/1/docker.sock' }).start('abc');
    await at({}).stop('abc', 1_500);
    expect(asked).toEqual([
      '/run/user/1/docker.sock POST http://docker/containers/abc/start',
      '/var/run/docker.sock POST http://docker/containers/abc/stop?t=2',
    ]);
    expect(() => at({ DOCKER_HOST: 'tcp://10.0.0.1:2375' })).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  it('that is not there says what to start and whom to ask for', async () => {
    await expect(connectEngine(fakeWorld()).facts()).rejects.toMatchObject({
      code: 'engine',
      detail: { where: '/var/run/docker.sock', cure: expect.stringContaining('systemctl start docker') },
    });
  });

  it('hands on its own words when it refuses', async () => {
    await expect(answering(500, { message: 'port is already allocated' }).start('abc')).rejects.toThrow(
      /port is already allocated/,
    );
  });

  it('takes a container or an image that is gone as gone', async () => {
    const engine = answering(404, { message: 'No such container' });
    expect(await engine.container('abc')).toBeUndefined();
    expect(await engine.image('a:b')).toBeUndefined();
    expect(await engine.log('abc', 10)).toEqual([]);
    await engine.remove('abc');
    expect(await answering(409, { message: 'in use' }).removeImage('a:b')).toBe(false);
  });

  it('says so when its answer has another shape', async () => {
    await expect(answering(200, { Id: 'abc' }).container('abc')).rejects.toMatchObject({ code: 'engine' });
  });

  it('never removes a volume and never forces an image', async () => {
    const urls: string[] = [];
    const http = ({ url }: { url: string }) => {
      urls.push(url);
      return { status: 200 };
    };
    const engine = connectEngine(fakeWorld({}, { http }));
    await engine.remove('abc');
    await engine.removeImage('a:b');
    expect(urls.join(' ')).not.toMatch(/[?&]v=|images.*force/);
  });

  it('hands out events as they come, also when a line comes in pieces', async () => {
    const line = (action: string): string =>
      `${JSON.stringify({ Type: 'container', Action: action, timeNano: 1e9, Actor: { ID: 'abc', Attributes: { exitCode: '3' } } })}\n`;
    const text = Buffer.from(line('die') + line('start'));
    const world = fakeWorld();
    const chunks = (async function* () {
      yield text.subarray(0, 20);
      yield text.subarray(20);
    })();
    const stream = () => Promise.resolve({ status: 200, chunks });
    const seen: string[] = [];
    const engine = connectEngine({ ...world, http: { ...world.http, stream } });
    await engine.watch(
      ({ action, atMs, attributes }) => seen.push(`${action} ${atMs} ${attributes['exitCode']}`),
      new AbortController().signal,
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual(['die 1000 3', 'start 1000 3']);
  });
});
