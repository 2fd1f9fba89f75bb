// RA401 to RA409: packages are built once into wheels, checked by hash, and installed offline from exactly those wheels.
import { posix } from 'node:path';
import { takesFrom } from '../../images/dockerfile-facts.ts';
import { mounts, type Instruction } from '../../images/dockerfile-instruction.ts';
import { finalStage, stageNamed, type Stage } from '../../images/dockerfile.ts';
import { findFile } from '../image-files.ts';
import { installOf, type Install } from '../pip.ts';
import { at, type ImageRule, type Sighting } from '../rule.ts';
import { callOf, type Command, type Redirect } from '../shell.ts';
import { commandsIn, finalSteps, stepsOf, stepsOfChain, type Script, type Step } from '../steps.ts';
import type { ImageSubject } from '../subject.ts';

export const RA401: ImageRule = {
  id: 'RA401',
  title: 'Services build in one stage and run in another',
  severity: 'error',
  breaks: 'policy',
  on: 'image',
  holds: 'services',
  page: {
    proves: 'There are at least two stages, and the final one takes files from another.',
    why: 'Compilers, caches and build secrets stay out of what runs, and the runtime stage installs offline.',
    bad: 'FROM base\nRUN pip install --require-hashes -r requirements.lock',
    good: 'FROM base AS builder\nRUN pip wheel --require-hashes -r requirements.lock -w /wheels\n\nFROM base\nRUN --mount=type=bind,from=builder,source=/wheels,target=/wheels pip install …',
  },
  check: checkStages,
};

export const RA402: ImageRule = {
  id: 'RA402',
  title: 'The runtime installs offline and by hash',
  severity: 'error',
  breaks: 'policy',
  on: 'image',
  holds: 'all',
  page: {
    proves: 'Every pip install of the final stage has --no-index, --find-links and --require-hashes.',
    why: 'What was built and checked in the builder is what gets installed; no index can slip in another file.',
    bad: 'RUN pip install -r requirements.txt',
    good: 'RUN pip install --no-index --find-links=/wheels --require-hashes -r /wheels/requirements.lock',
  },
  check: (image) =>
    finalSteps(image).flatMap((step) => installsOf(step).flatMap((found) => demands(image, step, found))),
};

export const RA403: ImageRule = {
  id: 'RA403',
  title: 'Wheels and install come from one lock',
  severity: 'error',
  breaks: 'policy',
  on: 'image',
  holds: 'all',
  page: {
    proves:
      'The builder makes the wheels with --require-hashes from the lock the runtime installs, or from the one that was re-hashed from it.',
    why: 'Two locks drift apart: the runtime then misses a wheel, or installs another version than the one that was checked. A lock re-hashed for the built wheels, written beside them, is one lock.',
    bad: 'RUN pip wheel -r a.lock -w /wheels\n…\nRUN pip install --no-index --find-links=/wheels --require-hashes -r b.lock',
    good: 'RUN pip wheel --require-hashes -r requirements.lock -w /wheels && rehash-lock requirements.lock /wheels\n…\nRUN pip install --no-index --find-links=/wheels --require-hashes -r /wheels/requirements.lock',
  },
  check: checkSameLock,
};

export const RA407: ImageRule = {
  id: 'RA407',
  title: 'The requirements file is in the stage',
  severity: 'error',
  breaks: 'build',
  on: 'image',
  holds: 'all',
  page: {
    proves: 'Every file that pip reads with -r was copied, mounted or made before.',
    why: 'pip stops with "Could not open requirements file", minutes into the build.',
    bad: 'COPY requirements.txt /app/\nRUN pip wheel -r /app/requirements.lock -w /wheels',
    good: 'COPY requirements.lock /app/\nRUN pip wheel -r /app/requirements.lock -w /wheels',
  },
  check: (image) =>
    stepsOf(image).flatMap((step) => installsOf(step).flatMap((found) => missingLocks(image, step, found))),
};

export const RA408: ImageRule = {
  id: 'RA408',
  title: 'Version specifiers are quoted',
  severity: 'error',
  breaks: 'start',
  on: 'image',
  holds: 'all',
  page: {
    proves: 'No `>` of a version is taken for a redirection.',
    why: 'The shell reads `torch>=2.1` as: install torch, write the output to a file named `=2.1`.',
    bad: 'RUN pip install torch>=2.1',
    good: 'RUN pip install "torch>=2.1"',
  },
  check: (image) => stepsOf(image).flatMap((step) => unquoted(image, step)),
};

export const RA409: ImageRule = {
  id: 'RA409',
  title: 'A failed install or test fails the build',
  severity: 'error',
  breaks: 'start',
  on: 'image',
  holds: 'all',
  page: {
    proves: 'No install, build or test is followed by something that hides its exit code.',
    why: '`A && B || true` hides the failure of A and of B; the build is green and the image lacks what it needs.',
    bad: 'RUN pip install -r requirements.lock || true',
    good: 'RUN pip install -r requirements.lock',
  },
  check: (image) => stepsOf(image).flatMap((step) => step.scripts.flatMap((script) => swallowed(image, step, script))),
};

interface FoundInstall {
  readonly install: Install;
  readonly command: Command;
  readonly script: Script;
}

function installsOf(step: Step): readonly FoundInstall[] {
  return commandsIn(step).flatMap(({ command, script }) => {
    const call = callOf(command);
    const install = call === undefined ? undefined : installOf(call, step.environment);
    return install === undefined ? [] : [{ install, command, script }];
  });
}

function checkStages(image: ImageSubject): readonly Sighting[] {
  const { dockerfile } = image;
  const last = finalStage(dockerfile);
  if (last === undefined) return [];
  const place = at(last.instructions[0] ?? last);
  const cure = 'make the wheels in a builder stage and take them into the final stage from there';
  if (dockerfile.stages.length < 2) {
    return [
      {
        ...place,
        message: 'the service is built and run in one stage',
        expected: 'a builder stage and a runtime stage',
        got: '1 stage',
        cure,
      },
    ];
  }
  const chain = new Set(finalSteps(image).map(({ stage }) => stage));
  const takes = [...chain].some((stage) =>
    takesFrom(dockerfile, stage, image.arguments).some((base) => base.kind !== 'unresolved'),
  );
  const builds = [...chain].length > 1;
  if (takes || builds) return [];
  return [
    {
      ...place,
      message: 'the final stage takes nothing from the other stages',
      expected: 'COPY --from or a mount from the builder',
      cure,
    },
  ];
}

function demands(image: ImageSubject, step: Step, { install, command, script }: FoundInstall): readonly Sighting[] {
  if (install.action !== 'install') return [];
  const flags: readonly (readonly [boolean, string])[] = [
    [install.noIndex, '--no-index'],
    [install.findLinks.some((link) => !link.includes('://')), '--find-links=/wheels'],
    [install.requireHashes, '--require-hashes'],
  ];
  const missing = flags.flatMap(([there, flag]) => (there ? [] : [flag]));
  if (missing.length === 0) return [];
  const place = script.placeOf(command.offset);
  return [
    {
      ...place,
      message: `${install.tool} install in the final stage lacks ${missing.join(', ')}`,
      expected: `${install.tool} install --no-index --find-links=/wheels --require-hashes -r <lock>`,
      got: script.text.slice(command.offset, command.end).trim().slice(0, 120),
      cure: 'install from the wheels of the builder stage, by the hashes of the lock',
      ...withFlags(image, { step, place, missing }),
    },
  ];
}

interface Adding {
  readonly step: Step;
  readonly place: { readonly line: number };
  readonly missing: readonly string[];
}

/** Only where wheels are at hand do the flags alone mend it. */
function withFlags(image: ImageSubject, { step, place, missing }: Adding): Pick<Sighting, 'fix'> {
  const row = image.dockerfile.lines[place.line - 1] ?? '';
  const hasWheels = mounts(step.instruction).some((mount) => mount.get('target') === '/wheels');
  const changed = row.replace(/\bpip3? install\b/, (found) => `${found} ${missing.join(' ')}`);
  if (!hasWheels || changed === row) return {};
  return { fix: { line: place.line, endLine: place.line, replacement: changed } };
}

function checkSameLock(image: ImageSubject): readonly Sighting[] {
  return finalSteps(image).flatMap((step) =>
    installsOf(step).flatMap((found) => {
      if (found.install.action !== 'install' || !found.install.noIndex) return [];
      const folder = found.install.findLinks.find((link) => link.startsWith('/'));
      const source = folder === undefined ? undefined : wheelSource(image, step, folder);
      return source === undefined ? [] : compareLocks(image, { step, found, source, folder: folder ?? '' });
    }),
  );
}

interface WheelSource {
  readonly stage: Stage;
  /** The folder in that stage. */
  readonly folder: string;
}

/** The stage that the wheels of a folder come from, by a mount of this RUN or an earlier COPY --from. */
function wheelSource(image: ImageSubject, step: Step, folder: string): WheelSource | undefined {
  for (const mount of mounts(step.instruction)) {
    const target = mount.get('target') ?? mount.get('dst') ?? mount.get('destination');
    const from = mount.get('from');
    if (target === undefined || from === undefined || posix.normalize(target) !== posix.normalize(folder)) continue;
    const stage = stageNamed(image.dockerfile, from, step.stage.index);
    return stage === undefined
      ? undefined
      : { stage, folder: posix.resolve('/', mount.get('source') ?? mount.get('src') ?? '/') };
  }
  const copies = stepsOfChain(image, step.stage).filter(
    ({ copy, workdir }) =>
      copy?.from !== undefined && posix.resolve(workdir, copy.destination) === posix.resolve(folder),
  );
  const copy = copies.at(-1)?.copy;
  const stage = copy?.from === undefined ? undefined : stageNamed(image.dockerfile, copy.from, step.stage.index);
  return stage === undefined ? undefined : { stage, folder: posix.resolve('/', copy?.sources[0] ?? '/') };
}

interface Comparing {
  readonly step: Step;
  readonly found: FoundInstall;
  readonly source: WheelSource;
  readonly folder: string;
}

function compareLocks(image: ImageSubject, comparing: Comparing): readonly Sighting[] {
  const { step, found, source } = comparing;
  const builders = stepsOfChain(image, source.stage).flatMap((builder) =>
    installsOf(builder).flatMap((made) => (made.install.action === 'install' ? [] : [{ builder, made }])),
  );
  const makers = builders.filter(({ builder, made }) => {
    const destination = made.install.destination;
    return destination === undefined || posix.resolve('/', builder.workdir, destination) === source.folder;
  });
  const [first] = makers;
  if (first === undefined) return [];
  const unhashed = makers.filter(({ made }) => !made.install.requireHashes);
  const sightings = unhashed.map(({ made }): Sighting => {
    const place = made.script.placeOf(made.command.offset);
    return {
      ...place,
      message: `the wheels are made without --require-hashes, so anything the index serves gets in`,
      expected: `pip ${made.install.action} --require-hashes -r <lock>`,
      cure: 'add --require-hashes',
      ...withWheelFlag(image, place.line),
    };
  });
  const runtime = found.install.locks.map((lock) => originOf(image, step, lock, comparing));
  const built = new Set(
    makers.flatMap(({ builder, made }) => made.install.locks.map((lock) => originOf(image, builder, lock, undefined))),
  );
  const strange = runtime.find((origin) => origin !== undefined && origin !== 'wheels' && !built.has(origin));
  if (strange === undefined || built.has(undefined) || built.size === 0) return sightings;
  return [
    ...sightings,
    {
      ...found.script.placeOf(found.command.offset),
      message: `the runtime installs from ${strange}, the wheels are made from ${[...built].join(', ')}`,
      expected: 'one lock for both',
      got: `${[...built].join(', ')} and ${strange}`,
      cure: 'use the same lock in both stages, or the re-hashed one that the builder writes beside the wheels',
    },
  ];
}

function withWheelFlag(image: ImageSubject, line: number): Pick<Sighting, 'fix'> {
  const row = image.dockerfile.lines[line - 1] ?? '';
  const changed = row.replace(/\bpip3? (wheel|download)\b/, (found) => `${found} --require-hashes`);
  return changed === row ? {} : { fix: { line, endLine: line, replacement: changed } };
}

/** The context file that a lock in a stage is, `wheels` for one that lies beside the wheels, undefined where it can't be told. */
function originOf(image: ImageSubject, step: Step, lock: string, runtime: Comparing | undefined): string | undefined {
  const path = posix.resolve('/', step.workdir, lock);
  if (runtime !== undefined && path.startsWith(`${posix.resolve(runtime.folder)}/`)) return 'wheels';
  const mounted = boundFrom(step.instruction, path);
  if (mounted !== undefined) return mounted;
  return findFile(image, step.stage, path, step.instruction).source?.path;
}

/** The context path behind a bind mount without `from`. */
function boundFrom(instruction: Instruction, path: string): string | undefined {
  const mount = mounts(instruction).find((candidate) => {
    const target = posix.resolve('/', candidate.get('target') ?? candidate.get('dst') ?? '/nowhere');
    return (
      candidate.get('from') === undefined &&
      (candidate.get('type') ?? 'bind') === 'bind' &&
      (path === target || path.startsWith(`${target}/`))
    );
  });
  if (mount === undefined) return undefined;
  const target = posix.resolve('/', mount.get('target') ?? mount.get('dst') ?? '/');
  return posix.join(mount.get('source') ?? mount.get('src') ?? '.', path.slice(target.length)).replace(/^\//, '');
}

function missingLocks(
  image: ImageSubject,
  step: Step,
  { install, command, script }: FoundInstall,
): readonly Sighting[] {
  return install.locks.flatMap((lock) => {
    if (/[$`*]|:\/\/|^\/dev\//.test(lock) || lock === '') return [];
    const path = posix.resolve('/', step.workdir, lock);
    const isMounted = mounts(step.instruction).some((mount) => {
      const target = posix.resolve(
        '/',
        step.workdir,
        mount.get('target') ?? mount.get('dst') ?? mount.get('destination') ?? '/nowhere',
      );
      return path === target || path.startsWith(`${target}/`);
    });
    const madeHere = commandsIn(step).some(
      (other) => other.command !== command && other.command.offset < command.offset && speaksOf(other.command, path),
    );
    const changesFolder = commandsIn(step).some(({ command: other }) => other.words[0]?.value === 'cd');
    if (isMounted || madeHere || changesFolder || copiedButAbsent(image, step, path)) return [];
    if (findFile(image, step.stage, path, step.instruction).verdict !== 'missing') return [];
    const place = script.placeOf(command.offset);
    return [
      {
        ...place,
        message: `${lock} is not in this stage when pip reads it`,
        expected: `${path}, copied or mounted before`,
        cure: `COPY it into the stage before this RUN`,
      },
    ];
  });
}

/** A COPY names it and the context lacks it: that is RA501's to say. */
function copiedButAbsent(image: ImageSubject, step: Step, path: string): boolean {
  return stepsOfChain(image, step.stage).some(
    ({ copy }) => copy?.sources.some((source) => posix.basename(source) === posix.basename(path)) === true,
  );
}

function speaksOf(command: Command, path: string): boolean {
  const name = posix.basename(path);
  return [...command.words.map(({ value }) => value), ...command.redirects.map(({ target }) => target)].some((text) =>
    text.includes(name),
  );
}

function unquoted(image: ImageSubject, step: Step): readonly Sighting[] {
  return commandsIn(step).flatMap(({ command, script }) => {
    const call = callOf(command);
    const isInstall =
      call !== undefined &&
      (installOf(call, step.environment) !== undefined || /(^|\/)(conda|mamba|npm|poetry|pipx)$/.test(call.program));
    const redirect = isInstall ? command.redirects.find(isSpecifier) : undefined;
    const word = redirect?.glued;
    if (redirect === undefined || word === undefined) return [];
    const place = script.placeOf(redirect.offset);
    const written = `${word.raw}${redirect.operator}${redirect.target}`;
    return [
      {
        ...place,
        message: `the shell reads ${written} as ${word.raw} with ${redirect.operator === '<' ? 'its input from' : 'its output to'} a file named ${redirect.target}`,
        got: written,
        cure: `write "${written}" in quotes`,
        ...quotedFix(image, place.line, written),
      },
    ];
  });
}

/** `>=2`, `<2`, `>2.1`: glued to a name and with a version behind, not a log file. */
function isSpecifier({ operator, target, glued }: Redirect): boolean {
  if (glued === undefined || !/^[A-Za-z][\w.[\],-]*$/.test(glued.value)) return false;
  return (operator === '>' || operator === '<') && /^=?\d[\w.*]*(?:,|$)|^=/.test(target);
}

function quotedFix(image: ImageSubject, line: number, written: string): Pick<Sighting, 'fix'> {
  const row = image.dockerfile.lines[line - 1] ?? '';
  const begin = row.indexOf(written);
  if (begin < 0) return {};
  const whole = /^[^\s;&|]+/.exec(row.slice(begin))?.[0] ?? written;
  const replacement = `${row.slice(0, begin)}"${whole}"${row.slice(begin + whole.length)}`;
  return { fix: { line, endLine: line, replacement } };
}

const WORKS: readonly RegExp[] = [
  /^(python[\d.]*\s.*-m\s)?pip[\d.]*\s.*\b(install|wheel|download|sync)\b/,
  /^python[\d.]*\s+-m\s+pip\s+(install|wheel|download)\b/,
  /^uv\s+(pip\s+(install|sync)|sync)\b/,
  /^(apt-get|apt|apk|dnf|yum|microdnf|conda|mamba)\s.*\b(install|add)\b/,
  /^(npm|yarn|pnpm)\s+(ci|install|run\s+build|build|test)\b/,
  /^(make|cmake|ninja|pytest|tox|cargo\s+(build|test|install)|go\s+(build|test|install)|poetry\s+install)\b/,
  /^python[\d.]*\s+(-m\s+(build|pytest|unittest)|setup\.py)\b/,
];
const HIDES = new Set(['true', ':', 'echo', 'printf']);

function swallowed(image: ImageSubject, step: Step, script: Script): readonly Sighting[] {
  return script.items.flatMap((item, index) => {
    if (item.kind !== 'operator' || item.text !== '||') return [];
    const right = script.items[index + 1];
    const after = script.items.slice(index + 2).find((next) => next.kind === 'command');
    if (right?.kind !== 'command' || !isHiding(right) || isFailing(after, script.items[index + 2]?.kind === 'operator'))
      return [];
    const hidden = leftOf(script, index).filter((command) => works(command));
    const [first] = hidden;
    if (first === undefined) return [];
    const tail = script.text.slice(item.offset, right.end).trim();
    const place = script.placeOf(item.offset);
    return [
      {
        ...place,
        message: `${tail} hides the failure of ${hidden.map(nameOf).join(' and ')}`,
        got: tail,
        cure: `remove ${tail}`,
        ...withoutTail(image, place.line, tail, step),
      },
    ];
  });
}

function isHiding(command: Command): boolean {
  const [program, argument] = command.words.map(({ value }) => value);
  return (
    (program !== undefined && HIDES.has(program)) || ((program === 'exit' || program === 'return') && argument === '0')
  );
}

function isFailing(
  next: { readonly words?: readonly { readonly value: string }[] } | undefined,
  chained: boolean,
): boolean {
  const [program, argument] = next?.words?.map(({ value }) => value) ?? [];
  return chained && (program === 'false' || (program === 'exit' && argument !== '0'));
}

/** The commands whose failure leads to the operator at `index`: back to the last `;` of its own depth, groups included. */
function leftOf(script: Script, index: number): readonly Command[] {
  const depth = script.items[index]?.depth ?? 0;
  const backwards: Command[] = [];
  for (let before = index - 1; before >= 0; before -= 1) {
    const item = script.items[before];
    if (item === undefined) break;
    if (item.kind === 'command') backwards.push(item);
    else if (item.depth < depth || (item.depth === depth && (item.text === ';' || item.text === '&'))) break;
  }
  const found = backwards.toReversed();
  // In a condition the exit code is asked for, not hidden.
  return /^(if|while|until|elif)$/.test(found[0]?.words[0]?.value ?? '') ? [] : found;
}

function works(command: Command): boolean {
  const call = callOf(command);
  if (call === undefined) return false;
  const text = [call.program.split('/').at(-1), ...call.arguments].join(' ');
  return WORKS.some((pattern) => pattern.test(text));
}

function nameOf(command: Command): string {
  return command.words
    .slice(0, 3)
    .map(({ value }) => value)
    .join(' ');
}

function withoutTail(image: ImageSubject, line: number, tail: string, step: Step): Pick<Sighting, 'fix'> {
  const row = image.dockerfile.lines[line - 1] ?? '';
  const begin = row.indexOf(tail);
  const before = row.slice(0, Math.max(begin, 0)).trimEnd();
  // A `||` that leads its line goes with the continuation before it: too much for one line's fix.
  if (begin < 0 || before === '' || step.instruction.heredocs.length > 0) return {};
  const rest = row.slice(begin + tail.length);
  return { fix: { line, endLine: line, replacement: `${before}${rest}`.trimEnd() } };
}
