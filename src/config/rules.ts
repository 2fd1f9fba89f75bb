// The rules of rollout.yml and of what is derived from it: what each demands, why, and how it looks broken and mended.
import type { Finding } from '../documents/findings.ts';

interface ConfigRulePage {
  /** What holds when there is no finding. */
  readonly title: string;
  readonly severity: 'error' | 'warning';
  /** What breaks at the latest; one breach may break something else. */
  readonly breaks: Finding['breaks'];
  readonly why: string;
  readonly cure: string;
  readonly bad: string;
  readonly good: string;
}

export const CONFIG_RULES = {
  RC001: {
    title: 'no unknown key',
    severity: 'error',
    breaks: 'policy',
    why: 'A key with a slip of the pen would be read over in silence, and its default would be rolled out instead of what was meant.',
    cure: 'Write the key as docs/configuration.md has it. The finding names the nearest key that is known.',
    bad: 'rollout:\n  order: [mainpc, pc2]\n  canary: { services: [brain], soack: 5m }',
    good: 'rollout:\n  order: [mainpc, pc2]\n  canary: { services: [brain], soak: 5m }',
  },
  RC002: {
    title: 'every value has the type and the form it must have, and required keys are there',
    severity: 'error',
    breaks: 'build',
    why: 'A duration without its unit, a path out of the repository or a registry that can not exist has no meaning that is safe to guess.',
    cure: 'Write the value in the form of the example that the finding shows.',
    bad: 'registry: https://ghcr.io/acme/fleet\nrollout:\n  canary: { services: brain, soak: 5 }',
    good: 'registry: ghcr.io/acme/fleet\nrollout:\n  canary: { services: [brain], soak: 5m }',
  },
  RC003: {
    title: 'images can be built and services can be started in the order that is demanded',
    severity: 'error',
    breaks: 'build',
    why: 'Images built on one another in a circle have no first one; services that wait for one another never start. A service that must come after one of another machine must be in a later wave than that one, or the wait is not kept.',
    cure: 'Take one link out of the circle: a FROM, a depends_on or an after. For a service of another machine, change rollout.order or the canary so that its wave is earlier.',
    bad: 'services:\n  brain: { after: [eyes] } # eyes runs on pc2 only\nrollout:\n  order: [mainpc, pc2] # and brain on mainpc',
    good: 'services:\n  brain: { after: [eyes] }\nrollout:\n  order: [pc2, mainpc]',
  },
  RC004: {
    title: 'every machine named is a machine of the file, and every machine is in rollout.order',
    severity: 'error',
    breaks: 'policy',
    why: 'A machine that is not in the order would silently stay behind; a name that no machine has is most often a slip of the pen.',
    cure: 'Mend the name, add the machine under machines, or add it to rollout.order.',
    bad: 'machines:\n  mainpc: { compose: compose.mainpc.yml, directory: /srv/fleet }\nrollout:\n  order: [mainpd]',
    good: 'machines:\n  mainpc: { compose: compose.mainpc.yml, directory: /srv/fleet }\nrollout:\n  order: [mainpc]',
  },
  RC005: {
    title: 'a port of a machine is held once',
    severity: 'error',
    breaks: 'start',
    why: 'The engine binds a port for one container only. The second one does not start, and that shows in the middle of a cutover.',
    cure: 'Publish one of the two under another port of the machine.',
    bad: '# compose.mainpc.yml\nservices:\n  brain:\n    ports: ["8101:8101"]\n  bus:\n    ports: ["8101:8104"]',
    good: '# compose.mainpc.yml\nservices:\n  brain:\n    ports: ["8101:8101"]\n  bus:\n    ports: ["8104:8104"]',
  },
  RC006: {
    title: 'a derived value has one candidate',
    severity: 'error',
    breaks: 'build',
    why: 'Where two Dockerfiles, locks or ports could be meant, a guess would be right on one machine and wrong on the next.',
    cure: 'Say which one in rollout.yml; the finding shows the line to write.',
    bad: '# bus/Dockerfile and old/bus/Dockerfile are both there, and rollout.yml says nothing',
    good: 'images:\n  bus: { dockerfile: bus/Dockerfile }',
  },
  RC007: {
    title: 'every file named is there, in the repository, and can be read',
    severity: 'error',
    breaks: 'build',
    why: 'What is not there can not be rolled out. A file outside the repository is in no commit, so nobody can tell later what it said. A pipe or a device never ends, and a configuration of many megabytes is none.',
    cure: 'Mend the path (it is relative to the root of the repository), or add the file.',
    bad: 'machines:\n  pc2: { compose: ../compose.pc2.yml, directory: /srv/fleet }',
    good: 'machines:\n  pc2: { compose: compose.pc2.yml, directory: /srv/fleet }',
  },
  RC008: {
    title: 'every service named is in the compose file of its machines, with an image under the registry',
    severity: 'error',
    breaks: 'policy',
    why: 'Only services whose image lies under registry are of the fleet. A name or a registry that does not match would leave a service out of the rollout without a word.',
    cure: 'Mend the name, or make registry and the image names agree: the finding shows the images found and the registry expected.',
    bad: '# rollout.yml\nregistry: ghcr.io/acme/fleet\n# compose.pc2.yml\nservices:\n  eyes:\n    image: ghcr.io/acme/flete/eyes:main',
    good: '# rollout.yml\nregistry: ghcr.io/acme/fleet\n# compose.pc2.yml\nservices:\n  eyes:\n    image: ghcr.io/acme/fleet/eyes:main',
  },
  RC009: {
    title: 'the file is YAML, each key once',
    severity: 'error',
    breaks: 'build',
    why: 'Of a key that stands twice one value would be dropped in silence, and a file that can be read in two ways says nothing for certain.',
    cure: 'Mend the line that is named; what stands below it may be fine.',
    bad: 'registry: ghcr.io/acme/fleet\nregistry: ghcr.io/acme/other',
    good: 'registry: ghcr.io/acme/fleet',
  },
  RC010: {
    title: 'what is read from a compose file or a Dockerfile can be known without the host',
    severity: 'error',
    breaks: 'build',
    why: 'A port or an image name that only the .env of a host knows can not be checked, built or taken over by a plan that is made elsewhere. Variables in the tag are fine: the rollout sets it.',
    cure: 'Write the value, or give its variable a default.',
    bad: '# compose.mainpc.yml\nservices:\n  bus:\n    image: ${REGISTRY}/bus:${TAG}\n    ports: ["${PORT}:8104"]',
    good: '# compose.mainpc.yml\nservices:\n  bus:\n    image: ${REGISTRY:-ghcr.io/acme/fleet}/bus:${TAG}\n    ports: ["${PORT:-8104}:8104"]',
  },
  RC011: {
    title: 'the Dockerfile of an image is one',
    severity: 'error',
    breaks: 'build',
    why: 'A file without FROM builds nothing, and everything that is built on it fails after it.',
    cure: 'Write the Dockerfile, or name another file in rollout.yml.',
    bad: '# bus/Dockerfile\nnotes about the bus',
    good: '# bus/Dockerfile\nFROM ghcr.io/acme/fleet/base:main\nCOPY bus/ /app/',
  },
  RC012: {
    title: 'what is written is used as it stands',
    severity: 'warning',
    breaks: 'policy',
    why: 'A key that this version accepts and does not act on, a registry that had to be put in lower case, a service that is built and not rolled out: silence would be taken for obedience.',
    cure: 'Write it as the finding says, or keep it and know that nothing is done because of it.',
    bad: 'registry: ghcr.io/Acme/Fleet',
    good: 'registry: ghcr.io/acme/fleet',
  },
  RC013: {
    title: 'what a service must have running is rolled out with it',
    severity: 'warning',
    breaks: 'start',
    why: 'A rollout touches only services whose image lies under the registry. One that needs a redis or a postgres of the same compose file does not start before somebody started that, once for each machine.',
    cure: 'Start it on the machine, in the project folder: docker compose up -d cache. It is left alone from then on. With required: false in depends_on, nothing is said.',
    bad: '# compose.mainpc.yml\nservices:\n  brain:\n    image: ghcr.io/acme/fleet/brain:main\n    depends_on: [cache]\n  cache:\n    image: redis:7',
    good: '# in /srv/fleet on mainpc, once\ndocker compose up -d cache',
  },
  RC014: {
    title: 'every secret that a Dockerfile mounts is one of build.secrets',
    severity: 'error',
    breaks: 'build',
    why: 'The builder is given the secrets of build.secrets and no other. A mount of another id is left empty without a word, and the command that reads it fails in the middle of the build, or goes on without it.',
    cure: 'Add the id to build.secrets, or mend the id of the mount. A mount with required=false may be without.',
    bad: '# rollout.yml\nbuild: { secrets: [hf_token] }\n# brain/Dockerfile\nRUN --mount=type=secret,id=hf_tokens ./fetch-model',
    good: '# rollout.yml\nbuild: { secrets: [hf_token] }\n# brain/Dockerfile\nRUN --mount=type=secret,id=hf_token ./fetch-model',
  },
} as const satisfies Readonly<Record<string, ConfigRulePage>>;

export type ConfigRule = keyof typeof CONFIG_RULES;
