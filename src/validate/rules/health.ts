// RA701 and RA702: the health check can fail, can run, and asks what the rollout will ask.
import { posix } from 'node:path';
import type { Health } from '../../documents/fleet.ts';
import { finalStage } from '../../images/dockerfile.ts';
import { findInImage } from '../image-files.ts';
import { factsOf, lackingTools, parentsOf, type From } from '../inheritance.ts';
import { at, type ImageRule, type Sighting } from '../rule.ts';
import { callOf, commandsOf, parseShell, programName, type Call } from '../shell.ts';
import { finalSteps } from '../steps.ts';
import type { ImageSubject } from '../subject.ts';

export const RA701: ImageRule = {
  id: 'RA701',
  title: 'The health check can fail and can run',
  severity: 'error',
  breaks: 'health',
  on: 'image',
  holds: 'services',
  page: {
    proves: 'There is a HEALTHCHECK, its exit code depends on the answer, and its program is in the image.',
    why: 'A probe that always passes lets a broken release through; one whose curl is not installed stops a good one.',
    bad: 'HEALTHCHECK CMD curl http://127.0.0.1:8000/health || exit 0',
    good: 'HEALTHCHECK CMD ["python", "-c", "import json, urllib.request; r = urllib.request.urlopen(\'http://127.0.0.1:8000/health\', timeout=2); assert r.status == 200 and json.load(r) == {\'status\': \'ok\'}"]',
  },
  check: checkProbe,
};

export const RA702: ImageRule = {
  id: 'RA702',
  title: 'The health check asks for the whole answer',
  severity: 'error',
  breaks: 'health',
  on: 'image',
  holds: 'services',
  page: {
    proves:
      'The probe gets the health path on the health port of the service and compares the body with `{"status": "ok"}`.',
    why: 'Status 200 is not health: many services answer 200 with `{"status": "error"}`. A probe of another port says nothing about this one.',
    bad: 'HEALTHCHECK CMD curl -f http://127.0.0.1:9000/',
    good: 'EXPOSE 8000\nHEALTHCHECK CMD ["python", "-c", "import json, urllib.request; r = urllib.request.urlopen(\'http://127.0.0.1:8000/health\', timeout=2); assert r.status == 200 and json.load(r) == {\'status\': \'ok\'}"]',
  },
  check: checkQuestion,
};

const DEFAULT_PATH = '/health';
const DEFAULT_BODY: Health['exactly'] = { status: 'ok' };

function checkProbe(image: ImageSubject): readonly Sighting[] {
  const last = finalStage(image.dockerfile);
  if (last === undefined) return [];
  const { healthcheck } = factsOf(image);
  const cure = `HEALTHCHECK ${canonicalProbe(image)}`;
  if (healthcheck === undefined || healthcheck.value[0] === 'NONE') {
    const place = healthcheck?.file === image.file ? at(healthcheck) : at(last.instructions[0] ?? last);
    const message =
      healthcheck === undefined ? 'the service has no HEALTHCHECK' : 'HEALTHCHECK NONE switches the health check off';
    return [{ ...place, message, cure: `write ${cure}` }];
  }
  const fault = blindness(healthcheck.value) ?? absentTool(image, healthcheck.value);
  return fault === undefined
    ? []
    : [
        {
          ...placeIn(image, healthcheck),
          message: fault,
          got: told(healthcheck.value),
          cure: `write ${cure}`,
          ...canonicalFix(image, healthcheck),
        },
      ];
}

function told(test: readonly string[]): string {
  return test.slice(1).join(' ').slice(0, 160);
}

/** Why a probe passes whatever the service says; undefined when it can fail. */
function blindness(test: readonly string[]): string | undefined {
  const [form, ...words] = test;
  const text = words.join(' ');
  if (form === 'CMD-SHELL' && /(\|\||;)\s*(true|:|exit\s+0|echo\b[^|&;]*)\s*$/.test(text))
    return 'the probe passes always: its failure is swallowed at the end';
  const calls = form === 'CMD-SHELL' ? callsOf(text) : execCall(words);
  const [only] = calls;
  if (only === undefined) return undefined;
  const name = programName(only);
  if (calls.length === 1 && /^(true|:|echo|exit)$/.test(name) && (name !== 'exit' || only.arguments[0] === '0'))
    return `the probe passes always: it only runs ${name}`;
  const curl = calls.find((call) => programName(call) === 'curl');
  const checksText = /grep|jq|==|\btest\b|\[\s/.test(text);
  if (
    curl !== undefined &&
    !checksText &&
    !curl.arguments.some((word) => /^(-[A-Za-z]*f[A-Za-z]*|--fail(-with-body)?)$/.test(word))
  )
    return 'curl without --fail exits 0 for a 500';
  if (calls.every((call) => /^(pgrep|pidof|ps|nc|test|\[|ls)$/.test(programName(call))))
    return `${name} sees a process or a port, not an answer`;
  return pythonBlindness(only, text);
}

function pythonBlindness(call: Call, text: string): string | undefined {
  if (!/^python[\d.]*$/.test(programName(call)) || !call.arguments.includes('-c')) return undefined;
  if (/\bassert\b|raise_for_status|sys\.exit|SystemExit|\bexit\(|\bquit\(|os\._exit|raise\b/.test(text))
    return undefined;
  if (/urlopen\(/.test(text)) return undefined;
  return /requests\.|httpx\.|http\.client|HTTPConnection/.test(text)
    ? 'the probe never looks at the answer: a 500 passes'
    : 'the probe passes always: nothing in it can fail on an answer';
}

function callsOf(text: string): readonly Call[] {
  return commandsOf(parseShell(text)).flatMap((command) => callOf(command) ?? []);
}

function execCall(words: readonly string[]): readonly Call[] {
  const [program, ...rest] = words;
  const script = /(^|\/)(ba|da|a)?sh$/.test(program ?? '') && /^-\w*c$/.test(rest[0] ?? '') ? rest[1] : undefined;
  if (script !== undefined) return callsOf(script);
  return program === undefined ? [] : [{ program, arguments: rest, assignments: [] }];
}

function absentTool(image: ImageSubject, test: readonly string[]): string | undefined {
  const [form, ...words] = test;
  const calls = form === 'CMD-SHELL' ? callsOf(words.join(' ')) : execCall(words);
  const lacking = lackingTools(image);
  for (const call of calls) {
    const name = programName(call);
    if (lacking.has(name) && !isBrought(image, name)) return `${name} is not in the image, so every check fails`;
    const script = scriptOf(image, call);
    if (script !== undefined && findInImage(image, script).verdict === 'missing')
      return `${script} is not in the image, so every check fails`;
  }
  return undefined;
}

function isBrought(image: ImageSubject, name: string): boolean {
  const word = new RegExp(`(^|[\\s/=])${name}([\\s=;&|:]|$)`, 'm');
  const own = finalSteps(image).some(
    ({ instruction }) => ['RUN', 'COPY', 'ADD'].includes(instruction.keyword) && word.test(instruction.raw),
  );
  return own || parentsOf(image).some((parent) => isBrought(parent, name));
}

/** The script that a probe runs: itself when it is a path, or the first argument of python or a shell. */
function scriptOf(image: ImageSubject, call: Call): string | undefined {
  const isInterpreter = /^(python[\d.]*|(ba|da|a)?sh)$/.test(programName(call));
  const written = isInterpreter ? call.arguments.find((word) => !/^-[bBEIOqsSuvx]+$/.test(word)) : call.program;
  if (written === undefined || written.startsWith('-') || written.includes('$') || !/[/.]/.test(written))
    return undefined;
  return posix.resolve('/', factsOf(image).workdir, written);
}

function checkQuestion(image: ImageSubject): readonly Sighting[] {
  const { healthcheck } = factsOf(image);
  if (healthcheck === undefined || healthcheck.value[0] === 'NONE' || blindness(healthcheck.value) !== undefined)
    return [];
  const text = questionText(image, healthcheck.value);
  if (text === undefined) return [];
  const path = image.health?.path ?? DEFAULT_PATH;
  const body = image.health?.exactly ?? DEFAULT_BODY;
  const missing = [...portFault(image, text), ...pathFault(text, path), ...bodyFault(text, body)];
  if (missing.length === 0) return [];
  return [
    {
      ...placeIn(image, healthcheck),
      message: `the probe ${missing.join(', and ')}`,
      expected: `GET ${path}${portsOf(image).length === 0 ? '' : ` on port ${portsOf(image).join(' or ')}`}, body exactly ${JSON.stringify(body)}`,
      got: told(healthcheck.value),
      cure: `write HEALTHCHECK ${canonicalProbe(image)}`,
      ...canonicalFix(image, healthcheck),
    },
  ];
}

/** The words of a probe with those of the script it runs; undefined when that script can't be read here. */
function questionText(image: ImageSubject, test: readonly string[]): string | undefined {
  const [form, ...words] = test;
  const text = words.join(' ');
  const calls = form === 'CMD-SHELL' ? callsOf(text) : execCall(words);
  const scripts = calls.flatMap((call) => scriptOf(image, call) ?? []);
  const known = ['curl', 'wget', 'python', 'python3'];
  const isForeign =
    calls.some((call) => !known.includes(programName(call))) && scripts.length === 0 && !/https?:\/\//.test(text);
  if (isForeign) return undefined;
  const texts = scripts.map((script) => {
    const { source } = findInImage(image, script);
    return source?.image.textOf(source.path);
  });
  const whole = [text, ...texts].join('\n');
  return texts.includes(undefined) ? undefined : withVariables(whole, factsOf(image).environment);
}

/** A value that is longer than any address is not put in. */
const LONGEST_PUT_IN = 200;

function withVariables(text: string, environment: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\{?(\w+)(?::?-(\w*))?\}?/g, (whole, name: string, fallback: string | undefined) => {
    const value = environment.get(name);
    return value === undefined || value.length > LONGEST_PUT_IN ? (fallback ?? whole) : value;
  });
}

function portsOf(image: ImageSubject): readonly number[] {
  if (image.health?.port !== undefined) return [image.health.port];
  const exposed = factsOf(image).ports.flatMap(({ value }) =>
    value.endsWith('/tcp') ? [Number(value.slice(0, -4))] : [],
  );
  return exposed.length > 0 ? exposed : image.ports;
}

function portFault(image: ImageSubject, text: string): readonly string[] {
  const ports = portsOf(image);
  const asked = [
    ...text.matchAll(/(?:https?:\/\/[^\s/'":]+|localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0)["']?\s*[:,]\s*(\d{2,5})\b/g),
  ].map((match) => Number(match[1]));
  if (asked.length === 0 || ports.length === 0 || asked.some((port) => ports.includes(port))) return [];
  return [`asks port ${asked.join(', ')}, but the service has ${ports.join(', ')}`];
}

function pathFault(text: string, path: string): readonly string[] {
  const escaped = path.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`${escaped}(?![\\w/-])`).test(text) ? [] : [`does not ask for ${path}`];
}

/** Comparing is seen by its pieces: each key and value in quotes, and an operator or a tool that compares. */
function bodyFault(text: string, body: Health['exactly']): readonly string[] {
  const compares = /[=!]=|\bgrep\b|\bjq\b|\bassert\w*\b|deepEqual/.test(text);
  const plain = text.replaceAll(/\\(["'])/g, '$1');
  const named = Object.entries(body).every(
    ([key, value]) =>
      quoted(key).test(plain) &&
      (typeof value === 'string' ? quoted(value).test(plain) : plain.includes(JSON.stringify(value))),
  );
  return compares && named ? [] : [`does not compare the body with ${JSON.stringify(body)}`];
}

function quoted(word: string): RegExp {
  return new RegExp(`["']${word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}["']`);
}

function placeIn(image: ImageSubject, value: From<unknown>): { line: number; endLine: number; column: number } {
  const last = finalStage(image.dockerfile);
  return value.file === image.file || last === undefined ? at(value) : at(last.instructions[0] ?? last);
}

function canonicalProbe(image: ImageSubject): string {
  const path = image.health?.path ?? DEFAULT_PATH;
  const body = JSON.stringify(image.health?.exactly ?? DEFAULT_BODY)
    .replaceAll('"', "'")
    .replaceAll("':'", "': '")
    .replaceAll("','", "', '");
  const [port = 'PORT'] = portsOf(image);
  return `CMD ["python", "-c", "import json, urllib.request; r = urllib.request.urlopen('http://127.0.0.1:${port}${path}', timeout=2); assert r.status == 200 and json.load(r) == ${body}"]`;
}

function canonicalFix(image: ImageSubject, healthcheck: From<readonly string[]>): Pick<Sighting, 'fix'> {
  if (healthcheck.file !== image.file || portsOf(image).length !== 1) return {};
  const instruction = image.dockerfile.instructions.find(
    ({ line, keyword }) => line === healthcheck.line && keyword === 'HEALTHCHECK',
  );
  const flags = instruction?.flags.map(({ name, value }) => `--${name}=${value ?? ''} `).join('') ?? '';
  return {
    fix: {
      line: healthcheck.line,
      endLine: healthcheck.endLine,
      replacement: `HEALTHCHECK ${flags}${canonicalProbe(image)}`,
    },
  };
}
