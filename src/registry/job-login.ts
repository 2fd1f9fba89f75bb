// A login that lives as long as what needs it: in a folder of its own, and never in the configuration of the user.
import { join } from 'node:path';
import type { World } from '../world/world.ts';
import { writeDockerLogin } from '../world/docker-login.ts';
import { withVariables } from '../world/variables.ts';
import { configFolder, configKey, readDockerConfig, type Credentials } from './credentials.ts';

export interface JobLogin {
  /** The registry, and no other. */
  readonly host: string;
  readonly credentials: Pick<Credentials, 'user' | 'password'>;
  /** A folder that is not there yet. */
  readonly folder: string;
}

/** Runs `act` in a world whose docker has this login; what was written for it is gone when it ends, however it ends. */
export async function withJobLogin<T>(world: World, login: JobLogin, act: (world: World) => Promise<T>): Promise<T> {
  const { host, credentials, folder } = login;
  try {
    const settings = await settingsBeside(world);
    await writeDockerLogin(world.files, { folder, settings, key: configKey(host), ...credentials });
    return await act(withVariables(world, { DOCKER_CONFIG: folder }));
  } finally {
    await world.files.remove(folder);
  }
}

/** Logins and where they are stored, which would be asked first; and the engine, which the socket tells. */
const LEFT_OUT = new Set(['auths', 'credsStore', 'credHelpers', 'currentContext']);

/** The user's own settings and plugins hold on. */
async function settingsBeside(world: World): Promise<Readonly<Record<string, unknown>>> {
  const folder = configFolder(world);
  const former = await readDockerConfig(world);
  const settings = Object.entries(former).filter(([name]) => !LEFT_OUT.has(name));
  const plugins = folder === undefined ? [] : [join(folder, 'cli-plugins')];
  const folders = [...(former.cliPluginsExtraDirs ?? []), ...plugins];
  return { ...Object.fromEntries(settings), cliPluginsExtraDirs: folders };
}
