// `rollout cutover`: one host with --machine, the whole fleet without.
import { fleetExitCode, cutoverFleet } from '../cutover/fleet.ts';
import { cutoverHost } from '../cutover/host.ts';
import type { CutoverEvent, HostCutover } from '../documents/cutover.ts';
import { showDocument } from '../documents/document.ts';
import { releaseSchema, type Release } from '../documents/release.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { systemLocks } from '../world/lock.ts';
import { abortOnSignals } from '../world/signals.ts';
import { systemSockets } from '../world/tcp.ts';
import { say } from '../world/terminal.ts';
import type { World } from '../world/world.ts';
import { parseFlags, writeOutput, type Command, type Flags } from './command.ts';
import { readDocument } from './read-document.ts';
import { STATE_FOLDER } from './state-folder.ts';

const help = `usage: rollout cutover --release FILE [--machine NAME] [flags]

Moves the fleet to a release, wave by wave, and back where something fails. With --machine it moves this
host alone, says every step as a line of JSON on standard output, and ends with the host's report.

  --release FILE        the release; - is standard input
  --output FILE         write the document there; without --machine it goes to standard output else

The fleet:
  --host-command CMD    the command on the hosts (/opt/rollout-action/bin/rollout); words apart by spaces
  --no-prober           measure no downtime

One host:
  --machine NAME        this host's name in the release
  --services A,B        only these; all of the machine's when absent
  --return              back to the release before this one, from this host's journal alone
  --soak-ms N           watch what moved for so long before the old containers go (0)
  --accept-files        replace project files that were changed by hand; their bytes are kept
  --state DIR           where this host keeps its journals (${STATE_FOLDER})
  --lock-wait SECONDS   how long to wait for another rollout (30)

Exit codes: 0 done, 1 refused by a check with nothing changed, 2 fault, 4 rolled back, 5 a person is needed,
130 stopped on request, with the traffic back where it was.

  rollout cutover --release release.json --output cutover.json
  rollout cutover --machine mainpc --services web --release release.json`;

const options = {
  release: { type: 'string' },
  output: { type: 'string' },
  'host-command': { type: 'string' },
  'no-prober': { type: 'boolean' },
  machine: { type: 'string' },
  services: { type: 'string', multiple: true },
  return: { type: 'boolean' },
  'soak-ms': { type: 'string' },
  'accept-files': { type: 'boolean' },
  state: { type: 'string' },
  'lock-wait': { type: 'string' },
} as const;

const LOCK_WAIT_SECONDS = 30;
const LONGEST_WAIT_SECONDS = 24 * 60 * 60;
const LONGEST_SOAK_MS = 7 * 24 * 60 * 60_000;
/** Folders and files that a rollout makes can be looked after by the whole group of the engine's socket. */
const GROUP_MAY_WRITE = 0o002;

export const command: Command = { summary: 'move the fleet, or one host, to a release', help, run };

async function run(args: readonly string[], world: World): Promise<ExitCode> {
  const flags = parseFlags(args, options, help);
  const release = await readDocument(world, releaseSchema, flags.required('release'));
  const machine = flags.text('machine');
  return machine === undefined ? runFleet(world, flags, release) : runHost(world, flags, { release, machine });
}

async function runFleet(world: World, flags: Flags, release: Release): Promise<ExitCode> {
  const hostCommand = flags
    .text('host-command')
    ?.split(' ')
    .filter((word) => word !== '');
  const report = await cutoverFleet(world, {
    release,
    signal: abortOnSignals(),
    ...(hostCommand === undefined ? {} : { command: hostCommand }),
    ...(flags.on('no-prober') ? {} : { prober: proberCommand() }),
  });
  await writeOutput(world, showDocument(report), flags.text('output'));
  return fleetExitCode(report.outcome);
}

/** This very program, as a process of its own. */
function proberCommand(): readonly string[] {
  const [program = process.execPath, script = ''] = process.argv;
  return [program, script, 'probe'];
}

interface HostRequest {
  readonly release: Release;
  readonly machine: string;
}

async function runHost(world: World, flags: Flags, { release, machine }: HostRequest): Promise<ExitCode> {
  process.umask(GROUP_MAY_WRITE);
  const report = await cutoverHost(
    { ...world, locks: systemLocks, sockets: systemSockets },
    {
      release,
      machine,
      services: flags.list('services'),
      stateFolder: flags.text('state') ?? STATE_FOLDER,
      soakMs: flags.number('soak-ms', { least: 0, most: LONGEST_SOAK_MS }) ?? 0,
      lockWaitMs: (flags.number('lock-wait', { least: 0, most: LONGEST_WAIT_SECONDS }) ?? LOCK_WAIT_SECONDS) * 1000,
      acceptFiles: flags.on('accept-files'),
      direction: flags.on('return') ? 'return' : 'forward',
      emit: (event) => {
        printLine(event);
        tellPerson(world, event);
      },
      signal: abortOnSignals(),
    },
  );
  printLine({ kind: 'result', report });
  const output = flags.text('output');
  if (output !== undefined) await world.files.writeAtomic(output, showDocument(report));
  tellEnd(world, report);
  return exitCodeOf(report, flags.on('return'));
}

/** The fleet that reads our lines may be gone; what we do here still comes to its end. */
function printLine(event: CutoverEvent): void {
  say(`${JSON.stringify(event)}\n`, process.stdout);
}

function tellPerson({ log }: World, event: CutoverEvent): void {
  if (event.kind === 'note') log.info(event.message);
  if (event.kind !== 'state') return;
  const told = `${event.service}: ${event.state}${event.message === '' ? '' : ` (${event.message})`}`;
  if (event.state === 'Degraded' || event.state === 'Failed') log.error(told);
  else if (event.state === 'RollingBack' || event.state === 'RolledBack') log.warn(told);
  else if (event.state === 'Succeeded') log.done(told);
  else log.info(told);
}

function tellEnd({ log }: World, report: HostCutover): void {
  const failed = report.preflight.filter(({ verdict }) => verdict === 'fail');
  for (const { rule, where, message, expected, got, cure } of failed) {
    const details = [expected && `expected ${expected}`, got && `found ${got}`, cure && `cure: ${cure}`].filter(
      Boolean,
    );
    log.error(`${rule} ${where}: ${message}${details.map((detail) => `\n    ${detail}`).join('')}`);
  }
  for (const { service, outcome, reason, gap } of report.services) {
    const took = gap === undefined ? '' : `, gap ${Math.round(gap.totalMs)} ms`;
    log.info(`${service}: ${outcome}${took}: ${reason}`);
  }
  log.step(`${report.machine}: ${report.outcome}`);
}

/** A return that returned is done, whatever its document calls it. */
function exitCodeOf({ outcome }: HostCutover, returning: boolean): ExitCode {
  switch (outcome) {
    case 'succeeded':
      return EXIT.done;
    case 'failed':
      return EXIT.failed;
    case 'rolled-back':
      return returning ? EXIT.done : EXIT.rolledBack;
    case 'degraded':
      return EXIT.degraded;
    case 'aborted':
      return EXIT.aborted;
  }
}
