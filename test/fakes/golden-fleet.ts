// A small fleet without a single finding; each rule's tests break it in one place.
import type { Finding } from '../../src/documents/findings.ts';
import { validate } from '../../src/validate/validate.ts';
import { repositoryWorld, ROOT } from './repository-world.ts';

export const BASE = 'images/base/Dockerfile';
export const API = 'api/Dockerfile';
export const LOCK = 'api/requirements.lock';

const DIGEST = 'a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b';
export const HASH_A = '4986ff8cbdfa90d5f026e646f1a1be331431f8d2dbb33bfca49201f74aefd414';
export const HASH_B = '05879f57d2abbd81111168fa428353e2c7efdf8bfa6edf51391362de3fa069d4';
export const PROBE = `CMD ["python", "-c", "import json, urllib.request; r = urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=2); assert r.status == 200 and json.load(r) == {'status': 'ok'}"]`;

export const GOLDEN: Readonly<Record<string, string>> = {
  'rollout.yml': `version: 1
registry: ghcr.io/acme/small
machines:
  mainpc: { compose: compose.mainpc.yml, directory: /srv/small }
  pc2: { compose: compose.pc2.yml, directory: /srv/small }
rollout:
  order: [mainpc, pc2]
  canary: { machine: mainpc, services: [api], soak: 5m }
`,
  'compose.mainpc.yml': `services:
  api:
    image: ghcr.io/acme/small/api:\${FORCE_IMAGE_TAG:?}-mainpc
    ports: ["8000:8000"]
`,
  'compose.pc2.yml': `services:
  api:
    image: ghcr.io/acme/small/api:\${FORCE_IMAGE_TAG:?}-pc2
    ports: ["8000:8000"]
`,
  [BASE]: `ARG PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:${DIGEST}

FROM \${PYTHON_IMAGE}
RUN groupadd --gid 10001 fleet && useradd --uid 10001 --gid 10001 fleet
COPY --chmod=0755 images/base/tini images/base/rehash-lock /usr/bin/
USER 10001:10001
`,
  'images/base/tini': '#!/bin/sh\n',
  'images/base/rehash-lock': '#!/usr/bin/env python3\n',
  [API]: `ARG BASE_IMAGE=ghcr.io/acme/small/base:main

FROM \${BASE_IMAGE} AS builder
USER root
COPY api/requirements.lock /build/requirements.lock
RUN pip wheel --require-hashes -r /build/requirements.lock --wheel-dir /wheels \\
 && rehash-lock /build/requirements.lock /wheels

FROM \${BASE_IMAGE} AS runtime
USER root
RUN --mount=type=bind,from=builder,source=/wheels,target=/wheels \\
    pip install --no-index --find-links=/wheels --require-hashes -r /wheels/requirements.lock
WORKDIR /app
ENV PORT=8000 \\
    HOST=0.0.0.0
COPY api/api /app/api
ARG MACHINE
COPY config/machine-profiles/\${MACHINE}.json /etc/machine-profile.json
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \\
    ${PROBE}
USER 10001:10001
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["python", "-m", "api"]
`,
  [LOCK]: `fleetkit==1.0.0 \\
    --hash=sha256:${HASH_A}
pulsemath==0.3.0 \\
    --hash=sha256:${HASH_B}
`,
  'api/api/__init__.py': '',
  'api/api/__main__.py': 'print("api")\n',
  'config/machine-profiles/mainpc.json': '{}\n',
  'config/machine-profiles/pc2.json': '{}\n',
};

/** Pairs of what stands in the golden file and what is put in its place. */
export type Edit = readonly [file: string, from: string, to: string];

/** Files that are added, or taken away with undefined. */
export type Extra = Readonly<Record<string, string | undefined>>;

/** The golden files with edits; an edit that finds nothing to replace is a mistake of the test. */
export function edited(edits: readonly Edit[], extra: Extra = {}): Record<string, string> {
  const files: Record<string, string> = { ...GOLDEN };
  for (const [file, from, to] of edits) {
    const text = files[file];
    if (text?.includes(from) !== true) throw new Error(`${file} has no ${JSON.stringify(from)}`);
    files[file] = text.replace(from, () => to);
  }
  const all = { ...files, ...extra };
  return Object.fromEntries(Object.entries(all).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])));
}

export async function check(files: Record<string, string>, file?: string): Promise<readonly Finding[]> {
  return (await validate(repositoryWorld({ files }), { root: ROOT, file })).findings;
}

export async function checkEdited(edits: readonly Edit[], extra: Extra = {}): Promise<readonly Finding[]> {
  return check(edited(edits, extra));
}
