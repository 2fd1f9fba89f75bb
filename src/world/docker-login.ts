// One login as docker keeps it, in a file that only its owner may read: the place where a password meets the disk.
import { join } from 'node:path';
import type { Files } from './files.ts';
import type { Secret } from './secret.ts';

export interface DockerLogin {
  /** Where docker looks for the file: the folder that DOCKER_CONFIG names. */
  readonly folder: string;
  /** What else docker is told there. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Docker's name of the registry in `auths`. */
  readonly key: string;
  readonly user: string;
  readonly password: Secret;
}

const ONLY_THE_OWNER = 0o600;

/** Writes docker's configuration with this one login. */
export async function writeDockerLogin(files: Files, login: DockerLogin): Promise<void> {
  const { folder, settings, key, user, password } = login;
  const auth = Buffer.from(`${user}:${password.reveal()}`).toString('base64');
  const config = { ...settings, auths: { [key]: { auth } } };
  await files.writeAtomic(join(folder, 'config.json'), `${JSON.stringify(config)}\n`, ONLY_THE_OWNER);
}
