// A Dockerfile stage by stage, each instruction with what holds when it runs: user, folder, variables, files copied so far.
import { posix } from 'node:path';
import { copySources, outsideBase, stageChain, type Copy } from '../images/dockerfile-facts.ts';
import { argumentText, placeAt, type Instruction, type Place } from '../images/dockerfile-instruction.ts';
import { walkStage } from '../images/dockerfile-scope.ts';
import { expand, type Scope } from '../images/expansion.ts';
import { finalStage, type Stage } from '../images/dockerfile.ts';
import { outsideFacts } from './outside.ts';
import { remember } from './remember.ts';
import { commandsOf, parseShell, type Command, type Item } from './shell.ts';
import type { ImageSubject } from './subject.ts';

export interface Step {
  readonly instruction: Instruction;
  readonly stage: Stage;
  /** Undefined where nothing certain is known of the base. */
  readonly user: string | undefined;
  readonly workdir: string;
  /** Values of the variables that rules ask for; ENV only. */
  readonly environment: Readonly<Partial<Record<AskedVariable, string>>>;
  readonly copy: Copy | undefined;
  readonly scripts: readonly Script[];
}

/** Shell text of a RUN: its line, or the body of a heredoc. */
export interface Script {
  readonly text: string;
  readonly items: readonly Item[];
  placeOf(offset: number): Place;
}

const ASKED = [
  'PATH',
  'VIRTUAL_ENV',
  'PYTHONPATH',
  'PIP_NO_INDEX',
  'PIP_FIND_LINKS',
  'PIP_REQUIRE_HASHES',
  'PIP_USER',
] as const;
type AskedVariable = (typeof ASKED)[number] | 'PIP_TARGET' | 'PIP_PREFIX' | 'HOME';
const ASKED_ALL: readonly AskedVariable[] = [...ASKED, 'PIP_TARGET', 'PIP_PREFIX', 'HOME'];

/** Every instruction of every stage, in the order of the file. */
export const stepsOf = remember((image: ImageSubject): readonly Step[] => {
  const ends = new Map<number, StageEnd>();
  return image.dockerfile.stages.flatMap((stage) => walk(image, stage, ends));
});

/** The steps that make the final image: its stage and the stages that one is built on, not those it copies from. */
export const finalSteps = remember((image: ImageSubject): readonly Step[] => {
  const last = finalStage(image.dockerfile);
  return last === undefined ? [] : stepsOfChain(image, last);
});

/** The steps of a stage and of the stages of this file it is built on. */
export function stepsOfChain(image: ImageSubject, stage: Stage): readonly Step[] {
  const chain = new Set(stageChain(image.dockerfile, stage, image.arguments));
  return stepsOf(image).filter((step) => chain.has(step.stage));
}

export function isRoot(user: string): boolean {
  const [name] = user.split(':');
  return name === 'root' || name === '0' || name === '';
}

/** The copies of a stage when MACHINE has a value that the plain build lacks. */
export function copiesFor(image: ImageSubject, stage: Stage, machine: string): ReadonlyMap<Instruction, Copy> {
  const key = `${stage.index} ${machine}`;
  const known = copiesOf(image).get(key);
  if (known !== undefined) return known;
  const found = new Map<Instruction, Copy>();
  walkStage(image.dockerfile, stage, { ...image.arguments, MACHINE: machine }, (instruction, scope) => {
    const copy = copySources(instruction, scope, image.dockerfile.escape);
    if (copy !== undefined) found.set(instruction, copy);
  });
  copiesOf(image).set(key, found);
  return found;
}

/** Each COPY of a stage asks for them; the stage is walked once per machine. */
const copiesOf = remember((_image: ImageSubject) => new Map<string, ReadonlyMap<Instruction, Copy>>());

/** All commands of a step with the script they stand in. */
export function commandsIn(step: Step): readonly { readonly command: Command; readonly script: Script }[] {
  return step.scripts.flatMap((script) => commandsOf(script.items).map((command) => ({ command, script })));
}

interface StageEnd {
  readonly user: string | undefined;
  readonly workdir: string;
  readonly environment: Step['environment'];
}

const endsOf = remember((image: ImageSubject): ReadonlyMap<number, StageEnd> => {
  const ends = new Map<number, StageEnd>();
  for (const stage of image.dockerfile.stages) walk(image, stage, ends);
  return ends;
});

function walk(image: ImageSubject, stage: Stage, ends: Map<number, StageEnd>): readonly Step[] {
  let { user, workdir, environment } = beginning(image, stage, ends);
  const steps: Step[] = [];
  walkStage(image.dockerfile, stage, image.arguments, (instruction, scope) => {
    const asked = (text: string): string => expand(text, scope, image.dockerfile.escape).value;
    const before = steps.at(-1)?.instruction.keyword;
    if (before === 'ENV') environment = { ...environment, ...askedOf(scope.environment) };
    const copy = copySources(instruction, scope, image.dockerfile.escape);
    steps.push({ instruction, stage, user, workdir, environment, copy, scripts: scriptsOf(instruction) });
    if (instruction.keyword === 'USER') user = asked(argumentText(instruction));
    if (instruction.keyword === 'WORKDIR') workdir = posix.resolve('/', workdir, asked(argumentText(instruction)));
  });
  ends.set(stage.index, { user, workdir, environment });
  return steps;
}

function beginning(image: ImageSubject, stage: Stage, ends: ReadonlyMap<number, StageEnd>): StageEnd {
  const chain = stageChain(image.dockerfile, stage, image.arguments);
  const parent = chain.at(-2);
  const known = parent === undefined ? undefined : ends.get(parent.index);
  if (known !== undefined) return known;
  const base = outsideBase(image.dockerfile, stage, image.arguments);
  const nothing = { workdir: '/', environment: {} };
  if (base.kind === 'scratch') return { ...nothing, user: 'root' };
  if (base.kind === 'unresolved') return { ...nothing, user: undefined };
  const own = image.baseOf(base.reference);
  const end = own === undefined ? undefined : endOfImage(own);
  return end ?? { ...nothing, user: outsideFacts(base.reference)?.user };
}

function endOfImage(image: ImageSubject): StageEnd | undefined {
  const last = finalStage(image.dockerfile);
  return last === undefined ? undefined : endsOf(image).get(last.index);
}

function askedOf(environment: Scope['environment']): Step['environment'] {
  const found: Partial<Record<AskedVariable, string>> = {};
  for (const name of ASKED_ALL) {
    const value = environment.get(name);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

function scriptsOf(instruction: Instruction): readonly Script[] {
  if (instruction.keyword !== 'RUN') return [];
  const { json, heredocs, text, start } = instruction;
  if (json !== undefined) return [execScript(instruction, json)];
  const [first] = heredocs;
  const onlyHeredoc = first !== undefined && /^\s*\d*<<-?["']?[^<\s]+["']?\s*$/.test(text.slice(start));
  if (!onlyHeredoc) return [lineScript(instruction)];
  // A heredoc with a shebang may be anything but shell.
  if (/^#!(?!.*\b(ba|da|a)?sh\b)/.test(first.body)) return [];
  return heredocs.map(({ body, line }) => ({
    text: body,
    items: parseShell(body),
    placeOf: (offset) => {
      const row = line + body.slice(0, offset).split('\n').length - 1;
      return { line: row, endLine: row, column: offset - body.lastIndexOf('\n', offset - 1) };
    },
  }));
}

function lineScript(instruction: Instruction): Script {
  const { text, start } = instruction;
  const shell = text.slice(start);
  return {
    text: shell,
    items: parseShell(shell),
    placeOf: (offset) => {
      const place = placeAt(instruction, start + offset);
      return { ...place, endLine: place.line };
    },
  };
}

function execScript(instruction: Instruction, json: readonly string[]): Script {
  const { line, endLine, column } = instruction;
  // `["sh", "-c", "…"]` runs shell text after all.
  const [program = '', flag = '', script] = json;
  const place = { line, endLine, column };
  if (/(^|\/)(ba|da|a)?sh$/.test(program) && /^-\w*c$/.test(flag) && script !== undefined) {
    return { text: script, items: parseShell(script), placeOf: () => place };
  }
  const words = json.map((value, index) => ({ raw: value, value, offset: index }));
  const command: Command = { kind: 'command', words, redirects: [], depth: 0, offset: 0, end: json.length };
  return { text: json.join(' '), items: words.length === 0 ? [] : [command], placeOf: () => place };
}
