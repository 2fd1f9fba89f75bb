// The image checks: what a pushed image's configuration says against what the plan expects, each with its cure.
import type { Check } from '../documents/findings.ts';
import type { ExpectedImage } from '../documents/plan.ts';
import type { ImageConfig } from './manifest.ts';

interface Comparison {
  readonly rule: string;
  /** What the image's configuration calls it. */
  readonly field: string;
  readonly expected: string;
  readonly got: string;
  readonly cure: string;
}

/** Only what the plan expects is checked, and only services are held to the rules of a running container. */
export function checkImageConfig(where: string, expected: ExpectedImage, config: ImageConfig): readonly Check[] {
  const running = expected.service === undefined ? [] : runningComparisons(expected, config);
  const compared = [...running, ...labelComparisons(expected, config)].map((comparison) => compare(where, comparison));
  return expected.service === undefined ? compared : [...compared, ...environmentChecks(where, config)];
}

/** I01: the reference leads to exactly one runnable image of the expected platform. */
export function platformCheck(where: string, expected: string, got: string): Check {
  const verdict = got === expected ? 'pass' : 'fail';
  if (verdict === 'pass') return { rule: 'I01', verdict, where, message: `resolves to one ${expected} image`, got };
  const message = `does not resolve to exactly one ${expected} image`;
  return {
    rule: 'I01',
    verdict,
    where,
    message,
    expected,
    got,
    cure: `build it for ${expected} alone, and push again`,
  };
}

/** I01 where the manifests themselves contradict the expectation or each other. */
export function structureFailure(where: string, expected: string, got: string): Check {
  const message = 'its manifests are not those of a usable image';
  return { rule: 'I01', verdict: 'fail', where, message, expected, got, cure: 'build the image again, and push it' };
}

function runningComparisons(expected: ExpectedImage, config: ImageConfig): readonly Comparison[] {
  const list = (value: readonly string[] | undefined): string | undefined => value && JSON.stringify(value);
  const rows: readonly (readonly [rule: string, field: string, want: string | undefined, got: string, cure: string])[] =
    [
      ['I02', 'User', expected.user, config.user, 'end the Dockerfile with USER'],
      ['I03', 'Entrypoint', list(expected.entrypoint), list(config.entrypoint) ?? '', 'set ENTRYPOINT in exec form to'],
      ['I04', 'Cmd', list(expected.command), list(config.command) ?? '', 'set CMD in exec form to'],
      ['I05', 'Healthcheck', list(expected.healthcheck), list(config.healthcheck) ?? '', 'make HEALTHCHECK say'],
      [
        'I06',
        'ExposedPorts',
        list(expected.exposedPorts?.toSorted()),
        list(config.exposedPorts) ?? '',
        'EXPOSE exactly',
      ],
    ];
  return rows.flatMap(([rule, field, want, got, cure]) =>
    want === undefined ? [] : [{ rule, field, expected: want, got, cure: `${cure} ${want}, or correct the plan` }],
  );
}

function labelComparisons(expected: ExpectedImage, config: ImageConfig): readonly Comparison[] {
  return Object.entries(expected.labels).map(([name, value]) => ({
    rule: 'I07',
    field: `label ${name}`,
    expected: value,
    got: config.labels[name] ?? 'no such label',
    cure: 'build the image with this plan: its build sets the labels',
  }));
}

function compare(where: string, comparison: Comparison): Check {
  const { rule, field, expected, got, cure } = comparison;
  if (expected === got) return { rule, verdict: 'pass', where, message: `${field} is as planned`, got };
  return { rule, verdict: 'fail', where, message: `${field} is not as planned`, expected, got, cure };
}

// Words that end a variable's name when its value is a secret; `TOKENIZERS_PARALLELISM` and `…_FILE` do not match.
const SECRET_NAME = /(?:^|_)(?:PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIALS?|API_?KEY|ACCESS_KEY|PRIVATE_KEY)$/i;
/** Shorter values are placeholders and words of a vocabulary (`PAD_TOKEN=<pad>`). */
const SHORTEST_SECRET = 8;

/** I08, as a warning: a name is a hint and no proof. The value is never shown. */
function environmentChecks(where: string, config: ImageConfig): readonly Check[] {
  return config.environment.flatMap((entry): readonly Check[] => {
    const equals = entry.indexOf('=');
    const [name, value] = [entry.slice(0, equals), entry.slice(equals + 1)];
    const warn = { rule: 'I08', verdict: 'warn' as const, where };
    if (name === 'CUDA_VISIBLE_DEVICES') {
      return [{ ...warn, message: `${name} is baked into the image`, cure: 'let compose choose the devices' }];
    }
    if (!SECRET_NAME.test(name) || value.length < SHORTEST_SECRET) return [];
    return [{ ...warn, message: `${name} looks like a secret in the image`, cure: 'pass it at run time instead' }];
  });
}
