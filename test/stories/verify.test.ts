// Verify and publish against a real registry with images a real build pushed: crane is the oracle, damage is done by deleting.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildEnvironment, readSandbox, type Sandbox } from '../../sandbox/contract.ts';
import type { ReleaseImage } from '../../src/documents/release.ts';
import { publicationSchema, verificationSchema, type Verification } from '../../src/documents/verification.ts';
import { digestSchema, parseDigest } from '../../src/images/reference.ts';
import { releaseOf } from '../fakes/release.ts';

const CLI = join(import.meta.dirname, '../../src/cli/main.ts');
/** A tag and names of this run's own: the registry keeps what earlier runs published. */
const RUN = `${Date.now()}`;
const TAG = `20261123-${RUN}`;
const DOCKERFILE = `FROM scratch
COPY content /content
COPY run /run
LABEL run=${RUN}
USER 10001:10001
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["/content"]
EXPOSE 8080
HEALTHCHECK CMD ["/probe"]
`;

const manifestSchema = z.object({
  config: z.object({ digest: z.string() }),
  layers: z.array(z.object({ digest: z.string() })),
});
const metadataSchema = z.object({ 'containerimage.digest': digestSchema });
const tokenSchema = z.object({ token: z.string() });

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let sandbox: Sandbox;
let folder = '';

beforeAll(async () => {
  sandbox = await readSandbox('stories');
  folder = await mkdtemp(join(tmpdir(), 'verify-story-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('a release that buildx pushed by digest', () => {
  let images: readonly ReleaseImage[] = [];
  let verification: Verification;
  beforeAll(async () => {
    images = [await push('verify-one', ['--provenance=mode=min']), await push('verify-two', ['--provenance=false'])];
  });

  test('is present: an index with its attestation, and a plain manifest', async () => {
    const { ran, document } = await verify(images);
    verification = document;
    expect(ran.code).toBe(0);
    expect(document.images.map(({ verdict }) => verdict)).toEqual(['present', 'present']);
    const [one, two] = document.images;
    const platform = ['--platform', 'linux/amd64'];
    expect(one?.platformDigest).toBe(await crane('digest', ...platform, one?.reference ?? ''));
    expect(two?.platformDigest).toBe(images[1]!.digest);
    const manifest = manifestSchema.parse(JSON.parse(await crane('manifest', ...platform, one?.reference ?? '')));
    expect(one?.configDigest).toBe(manifest.config.digest);
    expect(one?.layers).toBe(manifest.layers.length);
    // index, child, attestation, configuration, two layers | manifest, configuration, two layers | two tokens, one ping
    expect(document.requests).toBe(6 + 4 + 3);
    expect(ran.stderr).not.toContain(sandbox.registry.password);
  });

  test('is wrong where the plan asks for something else', async () => {
    const [one] = images;
    const expected = { ...one!.expected, user: '0:0', labels: { run: 'another' } };
    const { ran, document } = await verify([{ ...one!, expected }]);
    expect(ran.code).toBe(1);
    expect(document.verdict).toBe('wrong');
    const failed = document.images[0]?.checks.filter((check) => check.verdict === 'fail');
    expect(failed).toMatchObject([
      { rule: 'I02', expected: '0:0', got: '10001:10001' },
      { rule: 'I07', expected: 'another', got: RUN },
    ]);
  });

  test('has no tag before it is published', async () => {
    const { ran, document } = await verify(images, '--tags');
    expect([ran.code, document.verdict]).toEqual([1, 'absent']);
  });

  test('gets tags that are the very digests, and a second time nothing is put', async () => {
    for (const result of ['put', 'already']) {
      const ran = await publish(images, verification);
      expect(ran.stderr).not.toContain('Error');
      expect(ran.code).toBe(0);
      const publication = publicationSchema.parse(JSON.parse(ran.stdout));
      expect(publication.tags.map((tag) => tag.result)).toEqual([result, result]);
      for (const { reference, digest } of publication.tags) expect(await crane('digest', reference)).toBe(digest);
    }
    expect((await verify(images, '--tags')).document.verdict).toBe('present');
  });

  test('is moved once somebody moved a tag, and the tag is not put back over it', async () => {
    const [one, two] = images;
    const platform = await crane('digest', '--platform', 'linux/amd64', `${one!.repository}@${one!.digest}`);
    await crane('tag', `${one!.repository}@${platform}`, TAG);
    const { ran, document } = await verify(images, '--tags');
    expect([ran.code, document.verdict]).toEqual([1, 'moved']);
    expect(document.images.map(({ verdict }) => verdict)).toEqual(['moved', 'present']);
    expect(document.images[0]?.message).toContain(platform);
    const refused = await publish(images, verification);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(one!.digest);
    expect(await crane('digest', `${one!.repository}:${TAG}`)).toBe(platform);
    expect(await crane('digest', `${two!.repository}:${TAG}`)).toBe(two!.digest);
  });
});

describe('a release that was damaged in the registry', () => {
  test('is absent when the platform child of a living index was deleted', async () => {
    const image = await push('verify-child', ['--provenance=mode=min']);
    const reference = `${image.repository}@${image.digest}`;
    const child = await crane('digest', '--platform', 'linux/amd64', reference);
    await remove(image.repository, `manifests/${child}`);
    expect(await crane('digest', reference)).toBe(image.digest);
    const { ran, document } = await verify([image]);
    expect([ran.code, document.verdict]).toEqual([1, 'absent']);
    expect(document.images[0]?.message).toContain(child);
  });

  test('is absent when a layer was deleted, though the manifest lives', async () => {
    const image = await push('verify-blob', ['--provenance=false']);
    const manifest = manifestSchema.parse(JSON.parse(await crane('manifest', `${image.repository}@${image.digest}`)));
    const layer = manifest.layers[1]!.digest;
    await remove(image.repository, `blobs/${layer}`);
    const { ran, document } = await verify([image]);
    expect([ran.code, document.verdict]).toEqual([1, 'absent']);
    expect(document.images[0]?.message).toContain(layer);
  });

  test('is not published', async () => {
    const image = await push('verify-unsure', ['--provenance=false']);
    const { document } = await verify([{ ...image, digest: parseDigest(`sha256:${'0'.repeat(64)}`) }]);
    expect(document.verdict).toBe('absent');
    const images = [{ ...image, digest: parseDigest(`sha256:${'0'.repeat(64)}`) }];
    expect((await publish(images, document)).code).toBe(2);
  });
});

describe('a registry that does not let us see', () => {
  let image: ReleaseImage;
  beforeAll(async () => {
    image = await push('verify-hidden', ['--provenance=false']);
  });

  test('is auth with a wrong login, never absent, and says the cure', async () => {
    const login = { auth: Buffer.from(`${sandbox.registry.user}:wrong-password`).toString('base64') };
    await writeFile(join(folder, 'config.json'), JSON.stringify({ auths: { [sandbox.registry.address]: login } }));
    const { ran, document } = await verify([image], { DOCKER_CONFIG: folder });
    expect([ran.code, document.verdict]).toEqual([2, 'auth']);
    expect(ran.stderr).toContain(`docker login ${sandbox.registry.address}`);
    expect(ran.stderr).not.toContain('wrong-password');
  });

  test('is auth without a login', async () => {
    await writeFile(join(folder, 'config.json'), '{}');
    const { ran, document } = await verify([image], { DOCKER_CONFIG: folder });
    expect([ran.code, document.verdict]).toEqual([2, 'auth']);
  });

  test('is unknown when nothing listens there, or its certificate is not trusted', async () => {
    const elsewhere = { ...image, repository: `${sandbox.registry.address.replace(/\d+$/, '9')}/acme/app` };
    const nobody = await verify([elsewhere], '--deadline', '2');
    expect([nobody.ran.code, nobody.document.verdict]).toEqual([3, 'unknown']);
    const stranger = await verify([image], { NODE_EXTRA_CA_CERTS: '', SSL_CERT_FILE: '' });
    expect([stranger.ran.code, stranger.document.verdict]).toEqual([3, 'unknown']);
    expect(stranger.ran.stderr).toContain('NODE_EXTRA_CA_CERTS');
  });
});

/** Builds an image of its own content and pushes it by digest, as the build verb does. */
async function push(name: string, options: readonly string[]): Promise<ReleaseImage> {
  const context = await mkdtemp(join(folder, 'context-'));
  const files = { Dockerfile: DOCKERFILE, content: `${name} ${RUN}\n`, run: `${RUN} of ${name}\n` };
  for (const [file, text] of Object.entries(files)) await writeFile(join(context, file), text);
  const repository = `${sandbox.registry.address}/acme/${name}`;
  const metadata = join(context, 'metadata.json');
  const output = `type=image,name=${repository},push=true,push-by-digest=true,oci-mediatypes=true`;
  const command = ['buildx', 'build', context, '--metadata-file', metadata, '--output', output, ...options];
  const built = await run([sandbox.tools.docker, ...command]);
  expect(built.stderr).toContain('pushing manifest');
  const digest = metadataSchema.parse(JSON.parse(await readFile(metadata, 'utf8')))['containerimage.digest'];
  return {
    name,
    image: name,
    kind: 'service',
    repository,
    tag: TAG,
    digest,
    origin: 'built',
    expected: {
      platform: 'linux/amd64',
      service: name,
      user: '10001:10001',
      entrypoint: ['/usr/bin/tini', '--'],
      command: ['/content'],
      healthcheck: ['CMD', '/probe'],
      exposedPorts: ['8080/tcp'],
      labels: { run: RUN },
    },
  };
}

async function verify(
  images: readonly ReleaseImage[],
  ...more: readonly (string | Readonly<Record<string, string>>)[]
): Promise<{ ran: Ran; document: Verification }> {
  const release = await write('release.json', { ...releaseOf(images), tag: TAG });
  const flags = more.filter((item) => typeof item === 'string');
  const environments = more.filter((item) => typeof item !== 'string');
  const environment = environments.reduce((all, one) => ({ ...all, ...one }), {});
  const ran = await run([process.execPath, CLI, 'verify', '--release', release, ...flags], environment);
  return { ran, document: verificationSchema.parse(JSON.parse(ran.stdout)) };
}

async function publish(images: readonly ReleaseImage[], verification: Verification): Promise<Ran> {
  const release = await write('release.json', { ...releaseOf(images), tag: TAG });
  const verified = await write('verification.json', verification);
  return run([process.execPath, CLI, 'publish', '--release', release, '--verification', verified]);
}

async function write(name: string, document: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, JSON.stringify(document));
  return path;
}

async function crane(...args: readonly string[]): Promise<string> {
  const ran = await run([sandbox.tools.crane, ...args]);
  if (ran.code !== 0) throw new Error(`crane ${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout.trim();
}

/** Deletes through the registry's API; crane has no word for blobs. */
async function remove(repository: string, path: string): Promise<void> {
  const { address, user, password } = sandbox.registry;
  const name = repository.slice(address.length + 1);
  const basic = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const scope = `service=${address}&scope=repository:${name}:delete`;
  const token = await send('GET', `https://${address}/token?${scope}`, basic);
  const bearer = `Bearer ${tokenSchema.parse(JSON.parse(token.body)).token}`;
  const removed = await send('DELETE', `https://${address}/v2/${name}/${path}`, bearer);
  expect(removed.status).toBe(202);
}

async function send(method: string, url: string, authorization: string): Promise<{ status: number; body: string }> {
  const ca = await readFile(sandbox.registry.ca);
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, ca, headers: { authorization } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

function run(command: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const [program = '', ...args] = command;
  const env = { ...buildEnvironment(sandbox), ...environment };
  return new Promise((resolve) => {
    execFile(program, args, { env, cwd: folder }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });
}
