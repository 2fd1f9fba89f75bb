// The action cutover/: this host to the release of the folder, or back to the one before.
import { hostCutoverSchema } from '../documents/cutover.ts';
import { releaseSchema } from '../documents/release.ts';
import { EXIT } from '../exit-code.ts';
import { Fault } from '../fault.ts';
import type { Door } from './door.ts';
import { openFolder, reportName } from './folder.ts';
import { flag } from './inputs.ts';
import { loggedIn } from './login.ts';

export const cutover: Door<'cutover'> = {
  verb: 'cutover',
  run: async (input, world, runCommand) => {
    const machine = input('machine');
    if (machine === undefined) {
      throw new Fault('usage', 'the input machine is missing', { cure: 'name this host as rollout.yml does' });
    }
    const folder = openFolder(world, input('folder'));
    const returning = input('return') === 'true';
    const name = reportName(returning ? 'return' : 'cutover', input('wave') ?? machine);
    const what = [...flag('services', input('services')), ...flag('soak-ms', input('soak-ms'))];
    const documents = ['--release', folder.pathOf('release'), '--output', folder.pathOf(name)];
    const args = ['--machine', machine, ...what, ...(returning ? ['--return'] : []), ...documents];
    const { registry } = await folder.read(releaseSchema, 'release');
    const [username, password] = [input('registry-username'), input('registry-password')];
    const login = { registry, username, password, token: input('token') };
    const exitCode = await loggedIn(world, login, (own) => runCommand(args, own));
    const { outcome, services } = await folder.read(hostCutoverSchema, name);
    const told = services.map(({ service, outcome: end, reason }) => `${service} ${end}: ${reason}`);
    return { exitCode, outputs: { outcome }, failures: exitCode === EXIT.done ? [] : told };
  },
};
