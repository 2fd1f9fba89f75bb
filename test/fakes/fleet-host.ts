// Stands for `rollout` on a host: speaks the protocol of a wave as a script file tells it, and notes how it was called.
// usage: node fleet-host.ts SCRIPT cutover --machine M --services a,b [--return] --release - [--soak-ms N]
import { appendFileSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { HostCutover, ServiceOutcome, ServiceState } from '../../src/documents/cutover.ts';

/**
 * succeed, fail (nothing changed), roll-back, degrade; die: ends in the middle without a report; die-early: before any
 * event; hang: until SIGINT, then puts things back; stuck: for good; garbage: strange lines, then succeeds; lie: says
 * succeeded and leaves a service out; mistake: speaks for another machine; partly: the first service moved, the second failed; linger: stays after its report.
 */
export type Behaviour =
  | 'succeed'
  | 'fail'
  | 'roll-back'
  | 'degrade'
  | 'die'
  | 'die-early'
  | 'hang'
  | 'stuck'
  | 'garbage'
  | 'lie'
  | 'mistake'
  | 'partly'
  | 'linger';

export interface Script {
  /** Where each call is noted as a line. */
  readonly log: string;
  /** By `machine a,b`, or `machine return`. Others succeed. */
  readonly behaviours: Readonly<Record<string, Behaviour>>;
}

let interrupted = false;
const onInterrupt = (): void => {
  interrupted = true;
  appendFileSync(script.log, 'SIGINT\n');
};

const [scriptFile = '', verb, ...rest] = process.argv.slice(2);
const script = JSON.parse(readFileSync(scriptFile, 'utf8')) as Script;
if (verb === 'cutover') await cutover();
else if (verb === '--help') process.stdout.write('usage: rollout\n');

async function cutover(): Promise<void> {
  const { values } = parseArgs({
    args: rest,
    options: {
      machine: { type: 'string' },
      services: { type: 'string' },
      release: { type: 'string' },
      'soak-ms': { type: 'string' },
      return: { type: 'boolean' },
    },
  });
  const { machine = '', services = '' } = values;
  const back = values.return === true;
  const release = JSON.parse(readFileSync(0, 'utf8')) as { tag: string };
  appendFileSync(
    script.log,
    `${machine} ${back ? 'return ' : ''}${services} soak=${values['soak-ms'] ?? '-'} ${release.tag}\n`,
  );
  const behaviour = script.behaviours[`${machine} ${back ? 'return' : services}`] ?? 'succeed';
  await behave(behaviour, { machine, services: services.split(','), tag: release.tag, back });
}

interface Task {
  readonly machine: string;
  readonly services: readonly string[];
  readonly tag: string;
  readonly back: boolean;
}

async function behave(behaviour: Behaviour, task: Task): Promise<void> {
  if (['hang', 'stuck', 'linger'].includes(behaviour)) process.on('SIGINT', onInterrupt);
  const states = (state: ServiceState): void => task.services.forEach((service) => tellState(task, service, state));
  if (behaviour === 'die-early') die('connect to host port 22: no route');
  states('Preflight');
  if (behaviour === 'garbage')
    process.stdout.write('Pseudo-terminal will not be allocated\n{"kind":"state"}\n\u0000\n');
  if (behaviour === 'fail') return tellResult(task, 'failed', () => 'failed');
  states('Starting');
  switch (behaviour) {
    case 'die':
      return die('Error: the engine went away');
    case 'hang':
      return untilInterrupted(() => tellResult(task, 'aborted', () => 'rolled-back'));
    case 'stuck':
      appendFileSync(script.log, `pid ${process.pid}\n`);
      return untilInterrupted(() => undefined);
    case 'roll-back':
      return tellResult(task, 'rolled-back', () => 'rolled-back');
    case 'degrade':
      return tellResult(task, 'degraded', () => 'degraded');
    case 'partly':
      return tellResult(task, 'failed', (index) => (index === 0 ? 'succeeded' : 'failed'));
    case 'mistake':
      return tellResult({ ...task, machine: 'elsewhere' }, 'succeeded', () => 'succeeded');
    case 'lie':
      return tellResult({ ...task, services: task.services.slice(1) }, 'succeeded', () => 'succeeded');
    default:
      states('Succeeded');
      tellResult(task, task.back ? 'rolled-back' : 'succeeded', () => (task.back ? 'rolled-back' : 'succeeded'));
      if (behaviour === 'linger') await untilInterrupted(() => undefined);
  }
}

/** SIGINT does not end this process: only what it does then may. */
function untilInterrupted(then: () => void): Promise<void> {
  return new Promise((resolve) => {
    const alive = setInterval(() => {
      if (!interrupted) return;
      const before = process.exitCode;
      then();
      if (process.exitCode === before) return;
      clearInterval(alive);
      resolve();
    }, 10);
  });
}

function die(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(255);
}

function tellState(task: Task, service: string, state: ServiceState): void {
  print({ kind: 'state', at: now(), machine: task.machine, service, state, message: '' });
}

function tellResult(task: Task, outcome: HostCutover['outcome'], of: (index: number) => ServiceOutcome): void {
  const services = task.services.map((service, index) => ({
    service,
    machine: task.machine,
    outcome: of(index),
    reason: of(index) === 'succeeded' ? 'healthy' : 'health said no',
    strategy: 'stop-first',
    states: [],
  }));
  const report: HostCutover = {
    schema: 'rollout/cutover',
    version: 1,
    deployment: `${task.tag}-1`,
    machine: task.machine,
    tag: task.tag,
    startedAt: now(),
    finishedAt: now(),
    outcome,
    preflight: [],
    services,
    supervisors: [],
    files: [],
  };
  print({ kind: 'result', report });
  process.exitCode = outcome === 'succeeded' ? 0 : 1;
}

function print(event: unknown): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function now(): string {
  return new Date().toISOString();
}
