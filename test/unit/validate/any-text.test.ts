// Whatever stands in the files, validation answers, in bounded time, with places that lie in the file; fixes can be applied.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findingsSchema } from '../../../src/documents/findings.ts';
import { parseShell } from '../../../src/validate/shell.ts';
import { API, BASE, check, edited, GOLDEN, LOCK } from '../../fakes/golden-fleet.ts';

const BROKEN = [
  ...[
    'FROM ${BASE_IMAGE}\n',
    'FROM a AS b\n',
    'COPY api/api /app\n',
    'COPY --from=b / /\n',
    'RUN pip install -r x\n',
    'RUN --mount=from=b,target=/w ',
  ],
  ...[
    'USER ${X:-1}\n',
    'ENV A="',
    'ARG MACHINE\n',
    'HEALTHCHECK CMD ',
    'CMD ["python", "-m", ',
    'ENTRYPOINT [',
    '|| true',
    '>=2',
    '$(',
    '${{',
    '`',
    "'",
    '"',
    '\\\n',
  ],
  ...[
    '\n',
    ' ',
    '<<EOF\n',
    'EOF\n',
    '&&',
    '(',
    ')',
    '{',
    '}',
    ';',
    'chmod +x ',
    '/app/api/__main__.py',
    '# rollout-action ignore=RA301\n',
    '*',
    '[',
    '日',
  ],
];
const broken = fc.oneof(
  fc.array(fc.constantFrom(...BROKEN), { maxLength: 40 }).map((parts) => parts.join('')),
  // The golden file with a piece cut out and another put in.
  fc.tuple(fc.nat(1200), fc.nat(60), fc.constantFrom(...BROKEN)).map(([at, length, piece]) => {
    const text = GOLDEN[API] ?? '';
    return text.slice(0, at) + piece + text.slice(at + length);
  }),
);

test('any Dockerfile, base and lock get an answer that is a document', async () => {
  await fc.assert(
    fc.asyncProperty(broken, broken, fc.string(), fc.boolean(), async (api, base, lock, inferred) => {
      const files = edited([], {
        [API]: api,
        [BASE]: base,
        [LOCK]: lock,
        '.dockerignore': lock,
        ...(inferred ? { 'rollout.yml': undefined } : {}),
      });
      const findings = await check(files);
      findingsSchema.parse({ schema: 'rollout/findings', version: 1, checked: [], findings });
      for (const { file, endLine } of findings) {
        const text = files[file];
        if (text !== undefined) expect(endLine).toBeLessThanOrEqual(text.split('\n').length);
      }
    }),
    { numRuns: 400 },
  );
});

test('any bytes as Dockerfile, lock and ignore file end in findings', async () => {
  const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array).toString('utf8'));
  await fc.assert(
    fc.asyncProperty(bytes, bytes, bytes, fc.boolean(), async (dockerfile, lock, ignore, inferred) => {
      const files = edited([], {
        ...{ [API]: `FROM a\n${dockerfile}`, [BASE]: dockerfile, [LOCK]: lock, '.dockerignore': ignore },
        ...(inferred ? { 'rollout.yml': undefined } : {}),
      });
      findingsSchema.parse({ schema: 'rollout/findings', version: 1, checked: [], findings: await check(files) });
    }),
    { numRuns: 200 },
  );
});

/** Whatever goes back over its text from every place of it shows here: the worst known took minutes. */
test('any short text repeated many times ends in findings too', async () => {
  const unit = fc.oneof(fc.constantFrom(...BROKEN), fc.string({ minLength: 1, maxLength: 6 }), broken);
  const repeated = unit.map((text) => text.repeat(Math.ceil(30_000 / (text.length + 1))));
  const place = fc.constantFrom('', 'RUN ', 'ENV A=', 'COPY ', 'HEALTHCHECK CMD ', 'LABEL ', 'FROM ', 'EXPOSE ');
  await fc.assert(
    fc.asyncProperty(place, repeated, fc.constantFrom(API, LOCK, '.dockerignore'), async (before, text, file) => {
      const whole = file === API ? `FROM python:3.11-slim\nUSER 1\n${before}${text}` : text;
      const findings = await check(edited([], { [file]: whole, 'rollout.yml': undefined }));
      for (const { message, got = '' } of findings) expect(Math.max(message.length, got.length)).toBeLessThan(500);
    }),
    { numRuns: 100 },
  );
}, 120_000);

test('any shell text is taken apart, always going forward', () => {
  const pieces = fc.array(
    fc.constantFrom(
      'a',
      ' ',
      '"',
      "'",
      '\\',
      '$(',
      '${',
      ')',
      '}',
      '(',
      '{ ',
      '|',
      '||',
      '&&',
      '&',
      ';',
      ';;',
      '>',
      '<',
      '>>',
      '2>',
      '#',
      '\n',
      '`',
      '=',
    ),
    { maxLength: 50 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        pieces.map((parts) => parts.join('')),
        fc.string(),
      ),
      (text) => {
        const offsets = parseShell(text).map(({ offset }) => offset);
        return offsets.every(
          (offset, index) => offset >= 0 && offset <= text.length && offset >= (offsets[index - 1] ?? 0),
        );
      },
    ),
    { numRuns: 3000 },
  );
});

// What goes on for ever runs into the test's own limit; how fast the rest is belongs to the benchmarks.
describe('size', () => {
  test.each([
    ['10,000 lines of RUN', `FROM a\n${'RUN chmod +x /app/x && pip install y || true\n'.repeat(10_000)}`],
    [
      '10,000 ENV',
      `FROM a\n${Array.from({ length: 10_000 }, (_, index) => `ENV V${index}=\${V${index - 1}}`).join('\n')}`,
    ],
    ['one RUN of 10,000 lines', `FROM a\nRUN true \\\n${' && true \\\n'.repeat(10_000)} && true\n`],
    [
      '500 stages, each on the one before',
      `FROM a AS s0\n${Array.from({ length: 500 }, (_, index) => `FROM s${index} AS s${index + 1}\nCOPY --from=s${index} / /\nCOPY --from=s${index} /a /`).join('\n')}`,
    ],
    [
      '2,000 COPY and as many chmod',
      `FROM python:3.11\nUSER 1\n${'COPY a /app/\nRUN chmod +x /app/a\n'.repeat(2_000)}`,
    ],
    ['a word of a megabyte', `FROM a\nRUN ${'x'.repeat(1_000_000)}`],
    ['100,000 open brackets', `FROM a\nENV A=${'${A:-'.repeat(20_000)}\nRUN ${'$('.repeat(20_000)}`],
  ])('%s are checked, and it ends', async (_name, text) => {
    await expect(check(edited([], { 'rollout.yml': undefined, [API]: text }))).resolves.toBeDefined();
  });

  test('116 Dockerfiles are checked, and it ends', async () => {
    const files: Record<string, string> = {};
    for (let index = 0; index < 116; index += 1) {
      for (const [name, text] of Object.entries(GOLDEN).filter(([path]) => path.startsWith('api/'))) {
        files[name.replaceAll('api', `api${index}`)] = text.replaceAll('api', `api${index}`);
      }
    }
    await expect(check(edited([], { ...files, 'rollout.yml': undefined }))).resolves.toBeDefined();
  });
});

test('a fix leaves a file in which its finding is gone, and which has no new one', async () => {
  const spoiled: readonly (readonly [string, string])[] = [
    ['8000 \\\n    HOST', '8000\n    HOST'],
    ['COPY api/api /app/api', 'COPY api/api /app/api || true'],
    ['USER 10001:10001\nENTRYPOINT', 'USER app\nENTRYPOINT'],
    ['USER 10001:10001\nENTRYPOINT', 'ENTRYPOINT'],
    ['USER 10001:10001\nENTRYPOINT', 'USER 10001:10001\nRUN ldconfig\nENTRYPOINT'],
    ['WORKDIR /app', 'RUN export A=1\nWORKDIR /app'],
    ['WORKDIR /app', 'ENV WORKERS=${WORKERS:-2}\nWORKDIR /app'],
    ['WORKDIR /app', 'LABEL a=${{PORT}}\nWORKDIR /app'],
    ['pip install --no-index --find-links=/wheels', 'pip install'],
    ['pip wheel --require-hashes', 'pip wheel'],
    ['USER root\nCOPY api', 'USER root\nRUN pip install build>=1.2,<2\nCOPY api'],
    ['rehash-lock /build/requirements.lock /wheels', 'rehash-lock /build/requirements.lock /wheels || true'],
    ['COPY api/requirements.lock', 'COPY requirements.lock'],
    ['CMD ["python", "-m", "api"]', 'CMD python -m api'],
    ['127.0.0.1:8000/health', '127.0.0.1:9000/health'],
    ['ARG MACHINE\n', ''],
  ];
  for (const [from, to] of spoiled) {
    const files = edited([[API, from, to]]);
    const [finding] = (await check(files)).filter(({ severity, fix }) => severity === 'error' || fix !== undefined);
    expect(finding?.fix, `${to}: ${JSON.stringify(finding)}`).toBeDefined();
    const rows = (files[API] ?? '').split('\n');
    const fix = finding!.fix!;
    rows.splice(fix.line - 1, fix.endLine - fix.line + 1, fix.replacement);
    expect(await check({ ...files, [API]: rows.join('\n') }), to).toEqual([]);
  }
});
