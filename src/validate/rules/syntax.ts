// RA101 to RA107: the file can be read, and each instruction does what its writer meant.
import { argumentText, placeAt, type Instruction, type Word } from '../../images/dockerfile-instruction.ts';
import { assignments, resolveFrom, walkStage } from '../../images/dockerfile-scope.ts';
import { unquote, variablesIn } from '../../images/expansion.ts';
import type { Problem } from '../../images/dockerfile-problems.ts';
import type { Dockerfile } from '../../images/dockerfile.ts';
import { outsideBase } from '../../images/dockerfile-facts.ts';
import { at, type ImageRule, type Sighting } from '../rule.ts';
import { callOf, programName } from '../shell.ts';
import { commandsIn, stepsOf, type Step } from '../steps.ts';
import type { ImageSubject } from '../subject.ts';
import { factsOf } from '../inheritance.ts';

export const RA101: ImageRule = {
  id: 'RA101',
  title: 'Every line is an instruction Docker knows',
  severity: 'error',
  breaks: 'build',
  on: 'image',
  holds: 'all',
  page: {
    proves: 'Docker can read the file from the first line to the last.',
    why: 'A line without its `\\` turns the next one into an unknown instruction and the build stops before it began. The rest of the file is still checked.',
    bad: 'ENV PORT=8000\n    HOST=0.0.0.0',
    good: 'ENV PORT=8000 \\\n    HOST=0.0.0.0',
  },
  check: ({ dockerfile }) => dockerfile.problems.map((problem) => fromProblem(dockerfile, problem)),
};

export const RA102: ImageRule = {
  id: 'RA102',
  title: 'No residue of a template',
  severity: 'error',
  breaks: 'build',
  on: 'image',
  holds: 'all',
  page: {
    proves: 'No placeholder of a generator is left in the file.',
    why: 'A `${{NAME}}` or `<org>` that nobody filled in reaches Docker as it stands: a bad substitution, or an image name that cannot exist.',
    bad: 'FROM ghcr.io/<org>/base:${{VERSION}}',
    good: 'ARG VERSION=1.4.0\nFROM ghcr.io/acme/base:${VERSION}',
  },
  check: (image) => image.dockerfile.instructions.flatMap(leftovers),
};

export const RA103: ImageRule = {
  id: 'RA103',
  title: 'No shell in COPY, ADD, ENV and LABEL',
  severity: 'error',
  breaks: 'build',
  on: 'image',
  holds: 'all',
  page: {
    proves: 'Instructions that are not RUN hold no shell operators.',
    why: 'COPY has no shell: `||`, `2>` and `$(…)` are taken for file names or values. COPY then looks for a file named `||`.',
    bad: 'COPY config.json /app/ 2>/dev/null || true',
    good: 'COPY config.json /app/',
  },
  check: (image) => image.dockerfile.instructions.flatMap((instruction) => shellTokens(image.dockerfile, instruction)),
};

export const RA104: ImageRule = {
  id: 'RA104',
  title: 'The image has a process to run',
  severity: 'error',
  breaks: 'start',
  on: 'image',
  holds: 'services',
  page: {
    proves: 'CMD or ENTRYPOINT names a program, and an ENTRYPOINT has not dropped the inherited CMD.',
    why: 'An ENTRYPOINT resets the CMD of the image it is built on. `tini --` alone has nothing to start and exits at once.',
    bad: 'FROM base-with-cmd\nENTRYPOINT ["/usr/bin/tini", "--"]',
    good: 'FROM base-with-cmd\nENTRYPOINT ["/usr/bin/tini", "--"]\nCMD ["python", "-m", "app"]',
  },
  check: checkProcess,
};

export const RA105: ImageRule = {
  id: 'RA105',
  title: 'What RUN sets is gone when it ends',
  severity: 'error',
  breaks: 'start',
  on: 'image',
  holds: 'all',
  page: {
    proves: 'No RUN only sets a variable, an alias or a folder.',
    why: 'Each RUN is a shell of its own. What it exports ends with it; ENV and WORKDIR last.',
    bad: 'RUN export PYTHONPATH=/app',
    good: 'ENV PYTHONPATH=/app',
  },
  check: (image) => stepsOf(image).flatMap((step) => withoutEffect(step)),
};

export const RA106: ImageRule = {
  id: 'RA106',
  title: 'A default in ENV needs its ARG',
  severity: 'warning',
  breaks: 'policy',
  on: 'image',
  holds: 'all',
  page: {
    proves: '`ENV X=${X:-value}` can be set from outside.',
    why: 'Without `ARG X` a build argument X never reaches the stage, so the default always wins.',
    bad: 'ENV WORKERS=${WORKERS:-2}',
    good: 'ARG WORKERS\nENV WORKERS=${WORKERS:-2}',
  },
  check: checkDefaults,
};

export const RA107: ImageRule = {
  id: 'RA107',
  title: 'FROM resolves without build arguments',
  severity: 'error',
  breaks: 'build',
  on: 'image',
  holds: 'all',
  page: {
    proves: 'A plain `docker build` finds the base: every variable of FROM has a default before the first FROM.',
    why: 'An ARG without a value leaves FROM with an empty name, and the build stops there.',
    bad: 'ARG BASE\nFROM ${BASE}',
    good: 'ARG BASE=python:3.11-slim-bookworm\nFROM ${BASE}',
  },
  check: checkFroms,
};

function fromProblem(dockerfile: Dockerfile, problem: Problem): Sighting {
  const { previousLine: previous } = problem;
  const { expected, got } = problem;
  const sighting = {
    ...{ ...at(problem), message: problem.message, cure: CURES[problem.kind] },
    ...(expected === undefined ? {} : { expected }),
    ...(got === undefined ? {} : { got }),
  };
  if (previous === undefined) return sighting;
  const row = dockerfile.lines[previous - 1] ?? '';
  const next = dockerfile.lines.slice(previous, problem.endLine);
  const replacement = [`${row.trimEnd()} ${dockerfile.escape}`, ...next].join('\n');
  return { ...sighting, fix: { line: previous, endLine: problem.endLine, replacement } };
}

const CURES: Readonly<Record<Problem['kind'], string>> = {
  'not-a-dockerfile': 'name a Dockerfile, or take this file out of the images to build',
  unread: 'put a plain file of a readable size there',
  'no-stage': 'begin with FROM and the image to build on',
  'too-large': 'split the file, or move what is long into a script that COPY brings in',
  'before-from': 'move it below FROM; only ARG may stand before it',
  'unknown-instruction': 'remove the line, or begin it with the instruction it belongs to',
  'broken-continuation': 'end the line before with a \\',
  'wrong-arguments': 'write the arguments that Docker expects; put quotes around a value with blanks in it',
  'unknown-flag': 'remove the flag, or correct its name',
  'open-quote': 'close it on the same logical line',
  'open-heredoc': 'close the heredoc with its word alone on a line',
};

const PLACEHOLDER = /^(AGENT_NAME|SERVICE_NAME|YOUR_[A-Z_]+|CHANGE_?ME|REPLACE_?ME|PLACEHOLDER)$/;
const ANGLED =
  /<(org|owner|user|username|name|repo|repository|registry|image|tag|version|service|agent|your[-_ ][\w -]+)>/i;

function leftovers(instruction: Instruction): readonly Sighting[] {
  const { keyword, text } = instruction;
  const isShell = keyword === 'RUN' || keyword === 'CMD' || keyword === 'ENTRYPOINT' || keyword === 'HEALTHCHECK';
  const found =
    /\$\{\{[^}]*\}\}/.exec(text) ??
    (isShell ? undefined : (/\{\{\s*[A-Za-z_][\w. -]*\}\}/.exec(text) ?? ANGLED.exec(text))) ??
    (isShell && keyword === 'RUN' ? undefined : placeholderWord(instruction));
  if (found === undefined) return [];
  const written = found[0];
  const place = placeAt(instruction, found.index);
  const name = /^\$\{\{\s*([A-Za-z_]\w*)\s*\}\}$/.exec(written)?.[1];
  return [
    {
      ...place,
      endLine: place.line,
      message: `${shown(written)} was left by a template`,
      got: written,
      cure: name === undefined ? 'write the value that belongs here' : `write \${${name}}`,
      ...(name === undefined
        ? {}
        : {
            fix: {
              line: place.line,
              endLine: place.line,
              ...replaced(instruction, place.line, written, `\${${name}}`),
            },
          }),
    },
  ];
}

function placeholderWord(instruction: Instruction): { readonly 0: string; readonly index: number } | undefined {
  for (const { raw, offset } of instruction.words) {
    const bare = raw.replaceAll(/\$\{[^}]*\}|\$\w+/g, '');
    const value =
      instruction.keyword === 'ENV' || instruction.keyword === 'LABEL' ? bare.slice(bare.indexOf('=') + 1) : bare;
    if (instruction.keyword === 'ARG') continue;
    const part = value.split(/[/:@"',\]}[]/).find((piece) => PLACEHOLDER.test(piece));
    if (part !== undefined) return { 0: part, index: offset + raw.indexOf(part) };
  }
  return undefined;
}

function replaced(instruction: Instruction, line: number, from: string, to: string): { replacement: string } {
  const row = instruction.raw.split('\n')[line - instruction.line] ?? '';
  const indent = line === instruction.line ? ' '.repeat(instruction.column - 1) : '';
  return { replacement: indent + row.replaceAll(from, to) };
}

const SHELL_TOKEN = /^(\|\||&&|\||;|\d?>{1,2}|\d?>&\d|\d?>\/dev\/null|<)$/;

function shellTokens(dockerfile: Dockerfile, instruction: Instruction): readonly Sighting[] {
  const { keyword, json, words } = instruction;
  if (!['COPY', 'ADD', 'ENV', 'LABEL'].includes(keyword) || json !== undefined) return [];
  const token = words.find(({ raw }) => SHELL_TOKEN.test(raw));
  if (token !== undefined) {
    const tail = instruction.text.slice(token.offset);
    const head = instruction.text.slice(0, token.offset).trimEnd();
    return [
      {
        ...wordPlace(instruction, token),
        message: `${keyword} is no shell: ${shown(token.raw)} is taken for ${keyword === 'COPY' || keyword === 'ADD' ? 'a path' : 'a name'}`,
        got: tail,
        cure: `remove ${shown(tail)}; use RUN for what a shell must do`,
        ...(instruction.line === instruction.endLine
          ? { fix: { line: instruction.line, endLine: instruction.line, replacement: `${keyword} ${head}` } }
          : {}),
      },
    ];
  }
  if (keyword !== 'ENV' && keyword !== 'LABEL') return [];
  const command = assignments(instruction, dockerfile.escape).find(({ value }) =>
    /^[^']*(?<!\\)\$\(/.test(value ?? ''),
  );
  if (command === undefined) return [];
  const place = placeAt(instruction, command.offset);
  const message = `${keyword} runs no commands: ${command.name} becomes the text ${shown(unquote(command.value ?? ''))}`;
  return [{ ...place, endLine: place.line, message, cure: 'compute it in a RUN, or pass it as a build argument' }];
}

function checkProcess(image: ImageSubject): readonly Sighting[] {
  const facts = factsOf(image);
  const empty = image.dockerfile.stages
    .at(-1)
    ?.instructions.findLast(
      ({ keyword, json }) => (keyword === 'CMD' || keyword === 'ENTRYPOINT') && json?.length === 0,
    );
  const program = facts.entrypoint?.value ?? [];
  const command = facts.cmd?.value ?? [];
  if (empty !== undefined && program.length === 0 && command.length === 0) {
    return [
      {
        ...at(empty),
        message: `${empty.keyword} is empty and nothing else starts a process`,
        cure: 'name the program: CMD ["python", "-m", "app"]',
      },
    ];
  }
  const own = facts.entrypoint?.file === image.file ? facts.entrypoint : undefined;
  const starter = /(^|\/)(tini|dumb-init)$/.test(program[0] ?? '');
  if (
    own === undefined ||
    !starter ||
    command.length > 0 ||
    program.some((word, index) => index > 0 && !word.startsWith('-'))
  )
    return [];
  return [
    {
      ...at(own),
      message: `ENTRYPOINT starts ${program.join(' ')} with nothing to run: there is no CMD after an ENTRYPOINT drops the inherited one`,
      expected: 'a CMD in the same stage as the ENTRYPOINT',
      cure: 'write the CMD below the ENTRYPOINT, even where the base has one',
    },
  ];
}

const PROFILE_FILE = /(^|\/)(activate|\.bashrc|\.bash_profile|\.profile|\.env|environment)$/;

function withoutEffect(step: Step): readonly Sighting[] {
  const commands = commandsIn(step);
  const last = commands.at(-1);
  if (last === undefined || commands.some(({ command }) => command.redirects.length > 0)) return [];
  const lost = commands.map(({ command }) => lostEffect(callOf(command)));
  const all = lost.every((what) => what !== undefined);
  const what = lost.at(-1);
  if (what === undefined || (!all && what !== 'export' && what !== 'alias')) return [];
  const place = last.script.placeOf(last.command.offset);
  const pairs = all && commands.length === 1 && what === 'export' ? pairsOf(step) : undefined;
  const { line, endLine } = step.instruction;
  return [
    {
      ...place,
      message: `${what} has no effect: the shell of this RUN ends here`,
      got: argumentText(step.instruction).slice(0, 80),
      cure: what === 'cd' ? 'use WORKDIR' : 'use ENV',
      ...(pairs === undefined ? {} : { fix: { line, endLine, replacement: `ENV ${pairs}` } }),
    },
  ];
}

function lostEffect(call: ReturnType<typeof callOf>): string | undefined {
  if (call === undefined) return undefined;
  const name = programName(call);
  if (name === 'export') return call.arguments.some((word) => word.includes('=')) ? name : undefined;
  if (name === 'alias' || name === 'cd' || name === 'umask') return name;
  return (name === 'source' || name === '.') && PROFILE_FILE.test(call.arguments[0] ?? '') ? name : undefined;
}

function pairsOf(step: Step): string | undefined {
  const written = /^export\s+(\S+=\S*(?:\s+\S+=\S*)*)\s*$/.exec(argumentText(step.instruction));
  return written?.[1]?.includes('$(') === false ? written[1] : undefined;
}

/** Names that any base may bring along. */
const OF_THE_BASE = new Set([
  'PATH',
  'HOME',
  'LD_LIBRARY_PATH',
  'PYTHONPATH',
  'LANG',
  'LC_ALL',
  'SHELL',
  'USER',
  'HOSTNAME',
  'PKG_CONFIG_PATH',
]);

function checkDefaults(image: ImageSubject): readonly Sighting[] {
  const { dockerfile } = image;
  return dockerfile.stages.flatMap((stage) => {
    const found: Sighting[] = [];
    const base = outsideBase(dockerfile, stage, image.arguments);
    const own = base.kind === 'image' ? image.baseOf(base.reference) : undefined;
    const inherited = own === undefined ? undefined : factsOf(own).environment;
    walkStage(dockerfile, stage, image.arguments, (instruction, scope) => {
      if (instruction.keyword !== 'ENV') return;
      for (const { name, value, offset } of assignments(instruction, dockerfile.escape)) {
        const isDefault = new RegExp(`^"?\\$\\{${escapeName(name)}:?-`).test(value ?? '');
        const known = scope.declared.has(name) || scope.environment.has(name) || inherited?.has(name) === true;
        if (!isDefault || known || OF_THE_BASE.has(name)) continue;
        found.push(withoutArg(instruction, name, placeAt(instruction, offset)));
      }
    });
    return found;
  });
}

function withoutArg(instruction: Instruction, name: string, place: { line: number; column: number }): Sighting {
  const { line, endLine, raw, column } = instruction;
  return {
    ...place,
    endLine: place.line,
    message: `${name} always takes its default: no ARG ${name} is declared in this stage`,
    cure: `write ARG ${name} above`,
    fix: { line, endLine, replacement: `ARG ${name}\n${' '.repeat(column - 1)}${raw}` },
  };
}

function escapeName(name: string): string {
  return name.replaceAll(/\W/g, '\\$&');
}

function checkFroms(image: ImageSubject): readonly Sighting[] {
  const { dockerfile } = image;
  return dockerfile.stages.flatMap((stage) => {
    const plain = resolveFrom(dockerfile, stage);
    if (plain.kind !== 'unresolved' || stage.from === '' || stage.from.includes('{{')) return [];
    const supplied = resolveFrom(dockerfile, stage, image.arguments).kind !== 'unresolved';
    const names = variablesIn(stage.from);
    const name = plain.missing[0] ?? names[0] ?? 'BASE_IMAGE';
    const from = stage.instructions[0] ?? stage;
    return [
      {
        ...at(from),
        severity: supplied ? ('warning' as const) : ('error' as const),
        message: `FROM ${stage.from} means nothing without a build argument ${name}`,
        expected: `ARG ${name}=<image> before the first FROM`,
        got: declaredInStage(dockerfile, name)
          ? `ARG ${name} below a FROM, where FROM can't see it`
          : `no value for ${name}`,
        cure: `declare ARG ${name} with a default before the first FROM`,
      },
    ];
  });
}

function declaredInStage(dockerfile: Dockerfile, name: string): boolean {
  return dockerfile.instructions.some(
    (instruction) =>
      instruction.keyword === 'ARG' &&
      instruction.stage !== undefined &&
      assignments(instruction).some((pair) => pair.name === name),
  );
}

function wordPlace(instruction: Instruction, word: Word): { line: number; endLine: number; column: number } {
  const place = placeAt(instruction, word.offset);
  return { ...place, endLine: place.line };
}

function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
