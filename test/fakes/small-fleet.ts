// The smallest repository with two machines, a family and three services; tests change single files of it.

const TAG = '${FORCE_IMAGE_TAG:?set FORCE_IMAGE_TAG}';

export const ROLLOUT = `version: 1
registry: ghcr.io/acme/fleet
machines:
  mainpc: { compose: compose.mainpc.yml, directory: /srv/fleet }
  pc2: { compose: compose.pc2.yml, directory: /srv/fleet }
rollout:
  order: [mainpc, pc2]
  canary: { services: [brain], soak: 5m }
`;

export const COMPOSE_MAINPC = `x-common: &common
  restart: unless-stopped
  stop_grace_period: 1m30s
services:
  brain:
    <<: *common
    image: ghcr.io/acme/fleet/brain:${TAG}-mainpc
    depends_on: { bus: { condition: service_started }, redis: { condition: service_started, required: false } }
    env_file: env/brain.env
    ports: ["8101:8101"]
    volumes:
      - ./data/brain:/data
      - ./config/brain.json:/etc/brain.json:ro
      - cache:/cache
  bus:
    image: ghcr.io/acme/fleet/bus:${TAG}
    ports: ["127.0.0.1:8104:8104", "9000:9000/udp"]
  redis:
    image: redis:7
    ports: ["6379:6379"]
`;

export const COMPOSE_PC2 = `services:
  bus:
    image: ghcr.io/acme/fleet/bus:${TAG}
    ports: ["8104:8104"]
  eyes:
    image: \${REGISTRY:-ghcr.io/acme/fleet}/eyes:${TAG}-pc2
    depends_on: { bus: { condition: service_healthy } }
    network_mode: host
    devices: ["/dev/video0:/dev/video0"]
    deploy: { resources: { reservations: { devices: [{ capabilities: [gpu] }] } } }
`;

export const BASE = `FROM debian:12@sha256:${'a'.repeat(64)}
COPY images/base/tool /usr/bin/tool
USER 10001:10001
ENTRYPOINT ["/usr/bin/tini", "--"]
`;

export const BRAIN = `ARG BASE_IMAGE=ghcr.io/acme/fleet/base:main
FROM \${BASE_IMAGE} AS builder
COPY brain/requirements.lock /build/requirements.lock
RUN pip wheel --require-hashes -r /build/requirements.lock -w /wheels
FROM \${BASE_IMAGE} AS runtime
COPY --from=builder /wheels /wheels
COPY brain/app.py /app/app.py
ARG MACHINE
COPY config/machine-profiles/\${MACHINE}.json /etc/machine-profile.json
ARG REVISION=unknown
EXPOSE 8101 9101
HEALTHCHECK CMD ["python", "-c", "urlopen('http://127.0.0.1:8101/healthz')"]
CMD ["python", "-m", "brain"]
`;

export const BUS = `FROM ghcr.io/acme/fleet/base:main
COPY bus/ /app/
EXPOSE 8104
CMD ["bus"]
`;

export const EYES = `FROM ghcr.io/acme/fleet/base:main
ARG MACHINE
COPY config/machine-profiles/\${MACHINE}.json /etc/machine-profile.json
EXPOSE 8107
CMD ["eyes"]
`;

export function smallFleet(changes: Readonly<Record<string, string | undefined>> = {}): Record<string, string> {
  const files: Record<string, string | undefined> = {
    'rollout.yml': ROLLOUT,
    'compose.mainpc.yml': COMPOSE_MAINPC,
    'compose.pc2.yml': COMPOSE_PC2,
    'images/base/Dockerfile': BASE,
    'images/base/tool': 'tool',
    'brain/Dockerfile': BRAIN,
    'brain/requirements.lock': 'six==1.16.0 --hash=sha256:00\n',
    'brain/app.py': 'print()',
    'bus/Dockerfile': BUS,
    'bus/app.py': 'print()',
    'eyes/Dockerfile': EYES,
    'config/brain.json': '{"depth":3}',
    'config/machine-profiles/mainpc.json': '{"machine":"mainpc"}',
    'config/machine-profiles/pc2.json': '{"machine":"pc2"}',
    ...changes,
  };
  return Object.fromEntries(
    Object.entries(files).flatMap(([path, text]) => (text === undefined ? [] : [[path, text]])),
  );
}
