// RA601 and RA602: PID 1 is tini, and what CMD starts is in the image.
import { posix } from 'node:path';
import { finalStage } from '../../images/dockerfile.ts';
import { flagValue } from '../../images/dockerfile-instruction.ts';
import { findInImage } from '../image-files.ts';
import { factsOf, lackingTools, parentsOf, type From } from '../inheritance.ts';
import { at, type ImageRule, type Sighting } from '../rule.ts';
import { finalSteps } from '../steps.ts';
import type { ImageSubject } from '../subject.ts';

const TINI: readonly string[] = ['/usr/bin/tini', '--'];

export const RA601: ImageRule = {
  id: 'RA601',
  title: 'tini is PID 1',
  severity: 'error',
  breaks: 'start',
  on: 'image',
  holds: 'services',
  page: {
    proves: 'ENTRYPOINT is `["/usr/bin/tini", "--"]` in exec form, and tini is in the image.',
    why: 'Without an init process SIGTERM is not passed on and zombies stay: a stop takes the whole grace period and ends in SIGKILL.',
    bad: 'ENTRYPOINT python -m app',
    good: 'ENTRYPOINT ["/usr/bin/tini", "--"]\nCMD ["python", "-m", "app"]',
  },
  check: checkEntrypoint,
};

export const RA602: ImageRule = {
  id: 'RA602',
  title: 'CMD starts something that is there',
  severity: 'error',
  breaks: 'start',
  on: 'image',
  holds: 'services',
  page: {
    proves: 'CMD is in exec form, and the script or first-party module it names was copied into the image.',
    why: 'In shell form a shell stands between tini and the program. A module that was not copied ends the container with "No module named …" at once.',
    bad: 'COPY app /srv/app\nWORKDIR /app\nCMD ["python", "-m", "app"]',
    good: 'COPY app /app/app\nWORKDIR /app\nCMD ["python", "-m", "app"]',
  },
  check: checkCommand,
};

function checkEntrypoint(image: ImageSubject): readonly Sighting[] {
  const last = finalStage(image.dockerfile);
  if (last === undefined) return [];
  const { entrypoint, complete } = factsOf(image);
  const expected = 'ENTRYPOINT ["/usr/bin/tini", "--"]';
  const cure = `write ${expected}`;
  if (entrypoint === undefined) {
    const message = complete ? 'the service has no ENTRYPOINT' : 'the service has no ENTRYPOINT that is known here';
    return [{ ...at(last.instructions[0] ?? last), message, expected, cure }];
  }
  const isTini =
    entrypoint.value.length === TINI.length && TINI.every((word, index) => entrypoint.value[index] === word);
  if (!isTini) return [wrongEntrypoint(image, entrypoint, { expected, cure })];
  return hasTini(image)
    ? []
    : [
        {
          ...placeIn(image, entrypoint),
          message: 'tini is not in the image: neither its base nor a COPY or RUN brings /usr/bin/tini',
          expected: '/usr/bin/tini in the image',
          cure: 'install tini in the base, or copy it there',
        },
      ];
}

function wrongEntrypoint(
  image: ImageSubject,
  entrypoint: From<readonly string[]>,
  told: { expected: string; cure: string },
): Sighting {
  const [first = '', flag = ''] = entrypoint.value;
  const shell = flag === '-c' && /sh$/.test(first);
  const got = shell ? `shell form: ${entrypoint.value.slice(2).join(' ')}` : JSON.stringify(entrypoint.value);
  const message = shell
    ? 'ENTRYPOINT is in shell form, so a shell is PID 1 and CMD is ignored'
    : 'ENTRYPOINT is not tini';
  const own = entrypoint.file === image.file;
  const wrapped =
    !shell && own && entrypoint.value.length > 0 && !/tini$/.test(first) && factsOf(image).cmd === undefined;
  const replacement = `${told.expected}\nCMD ${JSON.stringify(entrypoint.value).replaceAll('","', '", "')}`;
  const fix = wrapped ? { fix: { line: entrypoint.line, endLine: entrypoint.endLine, replacement } } : {};
  return { ...placeIn(image, entrypoint), message, got, ...told, ...fix };
}

/** The place of a value, or of the final FROM when another file says it. */
function placeIn(image: ImageSubject, value: From<unknown>): { line: number; endLine: number; column: number } {
  const last = finalStage(image.dockerfile);
  return value.file === image.file || last === undefined ? at(value) : at(last.instructions[0] ?? last);
}

function hasTini(image: ImageSubject): boolean {
  if (!lackingTools(image).has('tini')) return true;
  if (mentionsTini(image)) return true;
  return findInImage(image, '/usr/bin/tini').verdict === 'there';
}

function mentionsTini(image: ImageSubject): boolean {
  const own = finalSteps(image).some(
    ({ instruction, copy }) =>
      (instruction.keyword === 'RUN' && /\btini\b/.test(instruction.raw)) ||
      copy?.destination.includes('tini') === true ||
      copy?.sources.some((source) => source.includes('tini')) === true,
  );
  return own || parentsOf(image).some((parent) => mentionsTini(parent));
}

function checkCommand(image: ImageSubject): readonly Sighting[] {
  const { cmd } = factsOf(image);
  // A missing command is RA104's and RA601's to say.
  if (cmd === undefined || cmd.value.length === 0) return [];
  const [program = '', flag = ''] = cmd.value;
  const instruction =
    cmd.file === image.file
      ? image.dockerfile.instructions.find(({ line, keyword }) => line === cmd.line && keyword === 'CMD')
      : undefined;
  if (instruction !== undefined && instruction.json === undefined) {
    const text = instruction.text.trim();
    const bracket = text.startsWith('[') ? ' (it looks like JSON, but JSON needs double quotes)' : '';
    const words = /^[\w./:=@ -]+$/.test(text) && !text.startsWith('[') ? text.split(/\s+/) : undefined;
    const fix =
      words === undefined
        ? {}
        : {
            fix: {
              line: cmd.line,
              endLine: cmd.endLine,
              replacement: `CMD [${words.map((word) => JSON.stringify(word)).join(', ')}]`,
            },
          };
    return [
      {
        ...at(cmd),
        message: `CMD is in shell form${bracket}`,
        expected: 'CMD ["program", "argument"]',
        got: text.slice(0, 100),
        cure: 'write each word as a JSON string',
        ...fix,
      },
    ];
  }
  if (/(^|\/)python[\d.]*$/.test(program)) return checkPython(image, cmd, cmd.value.slice(1));
  return /^[./]/.test(program) && flag !== '-c' ? checkFile(image, cmd, program) : [];
}

function checkPython(image: ImageSubject, cmd: From<readonly string[]>, words: readonly string[]): readonly Sighting[] {
  const first = words.findIndex((word) => !/^-[bBdEiIOqsSuvxX]+$/.test(word));
  const word = words[first];
  if (word === undefined || word === '-c' || (word.startsWith('-') && word !== '-m')) return [];
  if (word !== '-m') return checkFile(image, cmd, word);
  const module = words[first + 1];
  return module === undefined ? [] : checkModule(image, cmd, module);
}

function checkFile(image: ImageSubject, cmd: From<readonly string[]>, written: string): readonly Sighting[] {
  if (written.includes('$')) return [];
  const path = posix.resolve('/', factsOf(image).workdir, written);
  const found = findInImage(image, path);
  if (found.verdict === 'missing') {
    return [
      {
        ...placeIn(image, cmd),
        message: `CMD starts ${written}, which is not in the image`,
        expected: path,
        got: 'no COPY or RUN brings it',
        cure: `copy it to ${path}`,
      },
    ];
  }
  const direct = cmd.value[0] === written;
  const source = found.source;
  if (!direct || source === undefined) return [];
  const text = source.image.textOf(source.path);
  const mode = found.copiedBy === undefined ? undefined : flagValue(found.copiedBy, 'chmod');
  if (mode !== undefined || text === undefined || text.startsWith('#!') || text.startsWith('\x7fELF')) return [];
  return [
    {
      ...placeIn(image, cmd),
      message: `CMD starts ${written}, which has no #! line`,
      expected: '#!/… in its first line',
      cure: 'add the line, or name the interpreter in CMD',
    },
  ];
}

/** Only first-party modules are judged: those that have a folder or a file of that name in the repository's context. */
function checkModule(image: ImageSubject, cmd: From<readonly string[]>, module: string): readonly Sighting[] {
  const parts = module.split('.');
  if (!parts.every((part) => /^[A-Za-z_]\w*$/.test(part))) return [];
  const { environment, workdir } = factsOf(image);
  const roots = [
    workdir,
    ...(environment
      .get('PYTHONPATH')
      ?.split(':')
      .filter((root) => root !== '') ?? []),
  ];
  const candidates = roots.flatMap((root) => [
    `${posix.join(root, ...parts)}.py`,
    posix.join(root, ...parts, '__main__.py'),
  ]);
  const found = candidates.map((path) => findInImage(image, path).verdict);
  if (found.some((verdict) => verdict === 'there') || !isFirstParty(image, parts[0] ?? '')) return [];
  if (installsProject(image)) return [];
  if (
    found.includes('unknown') &&
    !roots.every((root) => findInImage(image, posix.join(root, parts[0] ?? '')).verdict === 'missing')
  )
    return [];
  return [
    {
      ...placeIn(image, cmd),
      message: `CMD starts module ${module}, which is not in the image`,
      expected: `one of ${candidates.join(', ')}`,
      got: `looked in ${roots.join(' and ')}`,
      cure: `copy ${parts[0] ?? module} into ${workdir}, or set PYTHONPATH to where it is`,
    },
  ];
}

function isFirstParty(image: ImageSubject, name: string): boolean {
  const { context } = image;
  const folder = posix.dirname(image.file);
  const places = [name, posix.join(posix.relative(context.path, folder), name), posix.join('src', name)];
  return places.some(
    (place) =>
      (context.kind(place) === 'folder' && context.filesBelow(place).some((file) => file.endsWith('.py'))) ||
      context.kind(`${place}.py`) === 'file',
  );
}

/** `pip install .` and wheels of first-party code put modules where COPY does not show. */
function installsProject(image: ImageSubject): boolean {
  const own = finalSteps(image).some(
    ({ instruction, copy }) =>
      (instruction.keyword === 'RUN' &&
        /pip3? install[^&|;]*\s(-e\s|\.{1,2}\/|\.(\s|$|\[)|\/\S*\*?\.whl|\S+\.whl)/.test(instruction.text)) ||
      (copy?.from !== undefined && /site-packages|dist-packages|venv|\.local/.test(copy.destination)),
  );
  return own || parentsOf(image).some((parent) => installsProject(parent));
}
