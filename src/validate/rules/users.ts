// RA301 to RA303: services run as 10001:10001, and what needs root runs as root.
import { posix } from 'node:path';
import { finalStage, type Stage } from '../../images/dockerfile.ts';
import type { Instruction } from '../../images/dockerfile-instruction.ts';
import { findFile } from '../image-files.ts';
import { factsOf, parentsOf } from '../inheritance.ts';
import { installOf } from '../pip.ts';
import { at, type ImageRule, type Sighting } from '../rule.ts';
import { callOf, programName, type Call } from '../shell.ts';
import { commandsIn, isRoot, stepsOf, type Script, type Step } from '../steps.ts';
import type { ImageSubject } from '../subject.ts';

export const SERVICE_USER = '10001:10001';

export const RA301: ImageRule = {
  id: 'RA301',
  title: 'Services run as 10001:10001',
  severity: 'error',
  breaks: 'policy',
  on: 'image',
  holds: 'services',
  page: {
    proves: 'The last USER, inherited or own, is `10001:10001`, in numbers.',
    why: 'Numbers hold on every host and in every base; a name is looked up in the passwd file of the image, a missing group becomes root.',
    bad: 'USER app',
    good: 'USER 10001:10001',
  },
  check: checkFinalUser,
};

export const RA302: ImageRule = {
  id: 'RA302',
  title: 'Commands that need root run as root',
  severity: 'error',
  breaks: 'build',
  on: 'image',
  holds: 'all',
  page: {
    proves:
      'No apt-get, useradd, chown, chmod of a root-owned file or system-wide pip runs under a plain user, also not under one inherited from the base.',
    why: 'USER is inherited: below a base that ends in `USER 10001:10001` every RUN is unprivileged. COPY writes files as root whatever USER says. pip as a plain user installs into a home folder that the next stage does not copy.',
    bad: 'USER 10001:10001\nCOPY entrypoint.sh /app/\nRUN chmod +x /app/entrypoint.sh',
    good: 'COPY --chmod=0755 entrypoint.sh /app/\nUSER 10001:10001',
  },
  check: (image) => stepsOf(image).flatMap((step) => needsRoot(image, step)),
};

export const RA303: ImageRule = {
  id: 'RA303',
  title: 'A user or group is created once',
  severity: 'error',
  breaks: 'build',
  on: 'image',
  holds: 'all',
  page: {
    proves: 'No base of this repository has already created the user or group.',
    why: 'useradd and groupadd fail when the name or the number is taken, and the base has taken it.',
    bad: 'FROM base-with-user\nRUN groupadd --gid 10001 app',
    good: 'FROM base-with-user',
  },
  check: checkCreatedTwice,
};

function checkFinalUser(image: ImageSubject): readonly Sighting[] {
  const last = finalStage(image.dockerfile);
  if (last === undefined) return [];
  const { user } = factsOf(image);
  if (user?.value === SERVICE_USER) return [];
  const common = {
    expected: `USER ${SERVICE_USER}`,
    cure: `write USER ${SERVICE_USER} as the last USER of the final stage`,
  };
  if (user?.file === image.file) {
    // Where a RUN follows, it may need the user it has.
    const isNeeded = last.instructions.some(({ keyword, line }) => keyword === 'RUN' && line > user.line);
    const replaced = { fix: { line: user.line, endLine: user.endLine, replacement: `USER ${SERVICE_USER}` } };
    const fix = isNeeded ? appended(image, last) : replaced;
    const message = `the image runs as ${user.value === '' ? 'nobody in particular' : user.value}`;
    return [{ ...at(user), message, got: `USER ${user.value}`, ...common, ...fix }];
  }
  const place = at(last.instructions[0] ?? last);
  const inherited = user === undefined ? 'root, unless the base says otherwise' : `${user.value}, from ${user.file}`;
  return [
    {
      ...place,
      message: `the final stage has no USER; it runs as ${inherited}`,
      got: inherited,
      ...common,
      ...appended(image, last),
    },
  ];
}

/** USER goes before the lines that say how the image starts, else to the end. */
function appended(image: ImageSubject, stage: Stage): Pick<Sighting, 'fix'> {
  const start = stage.instructions.find(({ keyword }) => keyword === 'ENTRYPOINT' || keyword === 'CMD');
  const target = start ?? stage.instructions.at(-1);
  if (target === undefined) return {};
  const rows = image.dockerfile.lines.slice(target.line - 1, target.endLine).join('\n');
  const user = `USER ${SERVICE_USER}`;
  const replacement = start === undefined ? `${rows}\n${user}` : `${user}\n${rows}`;
  return { fix: { line: target.line, endLine: target.endLine, replacement } };
}

interface Need {
  readonly what: string;
  readonly offset: number;
  readonly script: Script;
}

function needsRoot(image: ImageSubject, step: Step): readonly Sighting[] {
  const { user, instruction } = step;
  if (instruction.keyword !== 'RUN' || user === undefined || isRoot(user)) return [];
  const needs = commandsIn(step).flatMap(({ command, script }): readonly Need[] => {
    const call = callOf(command);
    const what = call === undefined ? undefined : rootNeed(image, step, call);
    return what === undefined ? [] : [{ what, offset: command.offset, script }];
  });
  const [first] = needs;
  if (first === undefined) return [];
  const rows = image.dockerfile.lines.slice(instruction.line - 1, instruction.endLine).join('\n');
  return [
    {
      ...first.script.placeOf(first.offset),
      message: `${[...new Set(needs.map(({ what }) => what))].join('; ')}, but this RUN runs as ${user}${whence(image, step)}`,
      expected: 'root',
      got: user,
      cure: `put USER root before it and USER ${user} after it`,
      fix: { line: instruction.line, endLine: instruction.endLine, replacement: `USER root\n${rows}\nUSER ${user}` },
    },
  ];
}

function whence(image: ImageSubject, step: Step): string {
  const before = step.stage.instructions.slice(0, step.stage.instructions.indexOf(step.instruction));
  const own = before.findLast(({ keyword }) => keyword === 'USER');
  if (own !== undefined) return ` (line ${own.line})`;
  const [parent] = parentsOf(image);
  return parent === undefined ? '' : ' (inherited from the base)';
}

const PACKAGE_MANAGERS = new Set(['apt-get', 'apt', 'apk', 'dnf', 'yum', 'microdnf', 'zypper', 'dpkg']);
const CHANGING = new Set([
  'install',
  'update',
  'upgrade',
  'dist-upgrade',
  'full-upgrade',
  'add',
  'del',
  'remove',
  'purge',
  'autoremove',
  '-i',
  '--install',
]);
const ACCOUNTS = new Set([
  'groupadd',
  'useradd',
  'adduser',
  'addgroup',
  'usermod',
  'groupmod',
  'userdel',
  'groupdel',
  'chpasswd',
]);
const SYSTEM = new Set([
  'ldconfig',
  'update-ca-certificates',
  'locale-gen',
  'dpkg-reconfigure',
  'update-alternatives',
  'setcap',
]);
const OF_ROOT = /^\/(usr|bin|sbin|lib|lib64|etc|boot|root)(\/|$)/;

function rootNeed(image: ImageSubject, step: Step, call: Call): string | undefined {
  const name = programName(call);
  if (PACKAGE_MANAGERS.has(name))
    return call.arguments.some((word) => CHANGING.has(word)) ? `${name} needs root` : undefined;
  if (ACCOUNTS.has(name) || SYSTEM.has(name)) return `${name} needs root`;
  if (name === 'chown' || name === 'chgrp') return chownNeed(image, step, call) ? `${name} needs root` : undefined;
  if (name === 'chmod') return chmodNeed(image, step, call);
  return pipNeed(step, call);
}

const OF_ROOT_AS_MADE = /^\/(usr|bin|sbin|lib|lib64|etc|boot|root|srv|opt|var|mnt|media)(\/|$)/;

/** Giving one's own files to oneself is no change; what root owns can't be taken. */
function chownNeed(image: ImageSubject, step: Step, call: Call): boolean {
  const [owner = '', ...paths] = call.arguments.filter((word) => !word.startsWith('-'));
  if (call.arguments.some((word) => word.startsWith('--reference')) || owner.includes('$')) return false;
  const ownUser = step.user?.split(':')[0] ?? '';
  if (owner.split(':')[0] !== ownUser && programName(call) === 'chown') return true;
  return paths.some((written) => {
    const path = posix.resolve('/', step.workdir, written);
    return ownedByRoot(image, step, path) || OF_ROOT_AS_MADE.test(path) || copiedAsRootBelow(image, step, path);
  });
}

function copiedAsRootBelow(image: ImageSubject, step: Step, path: string): boolean {
  return stepsOf(image).some(({ copy, instruction, workdir, stage }) => {
    if (copy === undefined || stage !== step.stage || instruction.line >= step.instruction.line) return false;
    if (instruction.flags.some(({ name }) => name === 'chown')) return false;
    const target = posix.resolve('/', workdir, copy.destination);
    return target === path || target.startsWith(`${path}/`);
  });
}

function chmodNeed(image: ImageSubject, step: Step, call: Call): string | undefined {
  const [, ...paths] = call.arguments.filter((word) => !/^-(?![rwxXst])/.test(word));
  for (const written of paths) {
    if (/[$`~]/.test(written)) continue;
    const path = posix.resolve('/', step.workdir, written.replace(/\/?\*[^/]*$/, ''));
    if (ownedByRoot(image, step, path)) return `chmod of ${written}, which root owns, needs root`;
  }
  return undefined;
}

function ownedByRoot(image: ImageSubject, step: Step, path: string): boolean {
  const madeHere = step.stage.instructions.slice(0, step.stage.instructions.indexOf(step.instruction) + 1);
  const spokenOf = (instruction: Instruction): boolean => instruction.keyword === 'RUN' && mentions(instruction, path);
  const found = findFile(image, step.stage, path, step.instruction);
  // What an earlier RUN speaks of may have another owner by now.
  const copied = found.copiedBy === undefined ? -1 : madeHere.indexOf(found.copiedBy);
  if (madeHere.slice(copied + 1, -1).some(spokenOf)) return false;
  if (found.verdict === 'there') return found.ownedByRoot && found.copiedBy !== undefined;
  const madeByThis = commandsIn(step).some(({ command }) =>
    command.words.some(({ value }, index) => index > 0 && value === path && callOf(command)?.program !== 'chmod'),
  );
  return OF_ROOT.test(path) && !madeByThis;
}

function mentions(instruction: Instruction, path: string): boolean {
  const folder = posix.dirname(path);
  return instruction.text.includes(posix.basename(path)) || (folder !== '/' && instruction.text.includes(folder));
}

function pipNeed(step: Step, call: Call): string | undefined {
  const install = installOf(call, step.environment);
  if (install === undefined || install.action !== 'install' || install.elsewhere) return undefined;
  const inFreeFolder =
    step.environment.VIRTUAL_ENV !== undefined || /^\/(?!usr\/|bin|sbin)/.test(step.environment.PATH ?? '');
  if (inFreeFolder || /^\/(?!usr\/|bin\/)|venv/.test(call.program) || activates(step)) return undefined;
  return `${install.tool} install writes to site-packages, which needs root (as a plain user it goes to ~/.local)`;
}

function activates(step: Step): boolean {
  return commandsIn(step).some(({ command }) => command.words.some(({ value }) => /(^|\/)activate$|venv/.test(value)));
}

interface Created {
  readonly kind: 'user' | 'group';
  readonly key: string;
}

function checkCreatedTwice(image: ImageSubject): readonly Sighting[] {
  const last = finalStage(image.dockerfile);
  const parents = parentsOf(image);
  if (last === undefined || parents.length === 0) return [];
  const taken = new Map<string, string>();
  for (const parent of ancestors(image)) {
    for (const step of stepsOf(parent).filter(({ stage }) => stage === finalStage(parent.dockerfile))) {
      for (const { created } of createdIn(step))
        for (const { kind, key } of created) taken.set(`${kind} ${key}`, parent.file);
    }
  }
  return stepsOf(image)
    .filter(({ stage }) => stage === last)
    .flatMap((step) =>
      createdIn(step).flatMap(({ created, place, guarded }) => {
        const twice = created.find(({ kind, key }) => taken.has(`${kind} ${key}`));
        if (twice === undefined || guarded) return [];
        const file = taken.get(`${twice.kind} ${twice.key}`) ?? '';
        return [
          {
            ...place,
            message: `${twice.kind} ${twice.key} is already made in ${file}`,
            got: `${twice.kind} ${twice.key}`,
            cure: 'remove the command; the base brings it',
          },
        ];
      }),
    );
}

function ancestors(image: ImageSubject): readonly ImageSubject[] {
  const [parent] = parentsOf(image);
  return parent === undefined ? [] : [parent, ...ancestors(parent)];
}

function createdIn(
  step: Step,
): readonly { created: readonly Created[]; place: ReturnType<Script['placeOf']>; guarded: boolean }[] {
  return commandsIn(step).flatMap(({ command, script }) => {
    const call = callOf(command);
    if (call === undefined || !/^(user|group)add$/.test(programName(call))) return [];
    // `|| true` and conditions make a second creation harmless.
    const guarded =
      /\|\||\bif\b|\bgetent\b|\bid\b/.test(script.text) ||
      call.arguments.some((word) => /^(-f|--force|-o|--non-unique)$/.test(word));
    return [{ created: namesOf(call), place: script.placeOf(command.offset), guarded }];
  });
}

function namesOf(call: Call): readonly Created[] {
  const kind = programName(call) === 'useradd' ? 'user' : 'group';
  const flag = kind === 'user' ? /^(?:-u|--uid)(?:=(\d+))?$/ : /^(?:-g|--gid)(?:=(\d+))?$/;
  const at = call.arguments.findIndex((word) => flag.test(word));
  const number = flag.exec(call.arguments[at] ?? '')?.[1] ?? (at < 0 ? undefined : call.arguments[at + 1]);
  const name = call.arguments.at(-1);
  return [name, number].flatMap((key) =>
    key === undefined || key.startsWith('-') || key.includes('$') ? [] : [{ kind, key }],
  );
}
