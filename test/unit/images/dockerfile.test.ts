// The Dockerfile model: places, flags, stages, scopes, and the facts an image inherits.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  copySources,
  neededStages,
  outsideBase,
  reachesArg,
  stageFacts,
} from '../../../src/images/dockerfile-facts.ts';
import { flagValue, mounts, placeAt } from '../../../src/images/dockerfile-instruction.ts';
import { resolveFrom, walkStage } from '../../../src/images/dockerfile-scope.ts';
import { expand } from '../../../src/images/expansion.ts';
import { finalStage, parseDockerfile, stageNamed } from '../../../src/images/dockerfile.ts';

const parse = (...lines: readonly string[]) => parseDockerfile(lines.join('\n'));
const facts = (...lines: readonly string[]) => {
  const dockerfile = parse(...lines);
  return stageFacts(dockerfile, finalStage(dockerfile)!);
};

describe('instructions', () => {
  test('have the lines they span, and their text without continuations and comments', () => {
    const [, run] = parse('FROM a', 'RUN one \\', '  # why', '', '  && two', 'CMD ["x"]').instructions;
    expect(run).toMatchObject({ keyword: 'RUN', line: 2, endLine: 5, column: 1, text: 'one   && two' });
  });

  test('know the line and column of every piece of their text', () => {
    const [, run] = parse('FROM a', 'RUN one \\', '  # why', '  && two').instructions;
    expect(placeAt(run!, run!.text.indexOf('two'))).toEqual({ line: 4, column: 6 });
    expect(placeAt(run!, 0)).toEqual({ line: 2, column: 5 });
  });

  test('have their flags apart from their words', () => {
    const [, copy] = parse('FROM a', 'COPY --from=b --chown=1:1 --link x y /z/').instructions;
    expect(copy?.flags.map(({ name }) => name)).toEqual(['from', 'chown', 'link']);
    expect(flagValue(copy!, 'from')).toBe('b');
    expect(copy?.words.map(({ raw }) => raw)).toEqual(['x', 'y', '/z/']);
  });

  test('read the parts of a mount', () => {
    const [, run] = parse('FROM a', 'RUN --mount=type=bind,from=b,source=/w,target=/w,rw pip install x').instructions;
    expect(Object.fromEntries(mounts(run!)[0]!)).toEqual({
      type: 'bind',
      from: 'b',
      source: '/w',
      target: '/w',
      rw: 'true',
    });
  });

  test('take a JSON form only where Docker does', () => {
    const forms = parse(
      'FROM a',
      'CMD ["x", "y"]',
      "CMD ['x']",
      'HEALTHCHECK --retries=2 CMD ["p"]',
      'COPY ["a b", "/c"]',
    );
    expect(forms.instructions.map(({ json }) => json)).toEqual([
      undefined,
      ['x', 'y'],
      undefined,
      ['p'],
      ['a b', '/c'],
    ]);
  });

  test('hold heredocs with their bodies, and what follows is an instruction again', () => {
    const { instructions } = parse(
      'FROM a',
      'COPY <<ONE <<-"TWO" /d/',
      'FROM x',
      'ONE',
      '\tRUN y',
      '\tTWO',
      'CMD ["z"]',
    );
    expect(instructions.map(({ keyword }) => keyword)).toEqual(['FROM', 'COPY', 'CMD']);
    expect(instructions[1]?.heredocs.map(({ name, body }) => [name, body])).toEqual([
      ['ONE', 'FROM x'],
      ['TWO', '\tRUN y'],
    ]);
  });

  test('end at a line that ends in two backslashes', () => {
    expect(parse('FROM a', 'RUN echo \\\\', 'CMD ["x"]').instructions).toHaveLength(3);
  });

  test('follow the escape directive', () => {
    expect(parse('# escape=`', 'FROM a', 'RUN a `', '  b').instructions[1]).toMatchObject({ text: 'a   b', line: 3 });
  });
});

describe('stages', () => {
  const dockerfile = parse(
    'ARG BASE=x:1',
    'FROM ${BASE} AS One',
    'FROM one AS two',
    'COPY --from=0 /a /b',
    'FROM three',
    'RUN --mount=from=two,target=/t true',
  );

  test('are found by name whatever its case, and by number, among earlier ones only', () => {
    expect(stageNamed(dockerfile, 'ONE', 2)?.index).toBe(0);
    expect(stageNamed(dockerfile, '1', 2)?.index).toBe(1);
    expect(stageNamed(dockerfile, 'two', 1)).toBeUndefined();
  });

  test('resolve their FROM', () => {
    expect(dockerfile.stages.map((stage) => resolveFrom(dockerfile, stage).kind)).toEqual(['image', 'stage', 'image']);
    expect(resolveFrom(dockerfile, dockerfile.stages[0]!, { BASE: 'y:2' })).toEqual({
      kind: 'image',
      reference: 'y:2',
    });
  });

  test('need the stages they copy from and mount', () => {
    expect(neededStages(dockerfile, dockerfile.stages[2]!).map(({ index }) => index)).toEqual([2, 1, 0]);
  });

  test('say what is missing where FROM does not resolve', () => {
    const open = parse('ARG BASE', 'FROM ${BASE}');
    expect(outsideBase(open, open.stages[0]!)).toEqual({ kind: 'unresolved', text: '${BASE}', missing: ['BASE'] });
  });
});

describe('variables', () => {
  const scope = {
    declared: new Map([
      ['A', 'arg'],
      ['N', undefined],
    ]),
    environment: new Map([
      ['E', 'env'],
      ['P', 'a/b.tar.gz'],
      ['EMPTY', ''],
    ]),
  };

  test.each([
    ['$A-$E', 'arg-env'],
    ['${A}x', 'argx'],
    ['${GONE:-${A}}', 'arg'],
    ['${EMPTY:-x}|${EMPTY-x}', 'x|'],
    ['${E:+set}${GONE:+set}', 'set'],
    ["'$A'", '$A'],
    ['"$A b"', 'arg b'],
    ['\\$A', '$A'],
    ['${P##*/}', 'b.tar.gz'],
    ['${P#*/}', 'b.tar.gz'],
    ['${P%.*}', 'a/b.tar'],
    ['${P%%.*}', 'a/b'],
    ['${P/a/z}', 'z/b.tar.gz'],
    ['${P//a/z}', 'z/b.tzr.gz'],
    ['$', '$'],
  ])('%s becomes %s', (text, value) => {
    expect(expand(text, scope).value).toBe(value);
  });

  test('that have no value are named', () => {
    expect(expand('$GONE ${N} ${OTHER:-x}', scope).missing).toEqual(['GONE', 'N']);
  });

  test('of the global scope reach a stage only when it declares them', () => {
    const dockerfile = parse('ARG V=1', 'FROM a', 'ENV X=${V}', 'ARG V', 'ENV Y=${V}', 'FROM a', 'ENV Z=${V:-none}');
    const [first, second] = dockerfile.stages.map((stage) =>
      Object.fromEntries(walkStage(dockerfile, stage).environment),
    );
    expect(first).toEqual({ X: '', Y: '1' });
    expect(second).toEqual({ Z: 'none' });
  });

  test('of one ENV do not see each other', () => {
    const dockerfile = parse('FROM a', 'ENV A=1 B=${A}x', 'ENV C=${A}x');
    expect(Object.fromEntries(walkStage(dockerfile, dockerfile.stages[0]!).environment)).toEqual({
      A: '1',
      B: 'x',
      C: '1x',
    });
  });

  test('set by ENV win over ARG, and are inherited by stages built on this one', () => {
    const dockerfile = parse('FROM a AS one', 'ARG A=1', 'ENV A=2', 'FROM one', 'ENV B=${A}');
    expect(walkStage(dockerfile, dockerfile.stages[1]!).environment.get('B')).toBe('2');
  });
});

describe('facts of an image', () => {
  test('resolve user, folder and ports', () => {
    const found = facts(
      'FROM a',
      'ARG ID=10001',
      'USER ${ID}:${ID}',
      'WORKDIR /a',
      'WORKDIR b',
      'EXPOSE 80 90/udp 7000-7002',
    );
    expect(found.user).toMatchObject({ value: '10001:10001', line: 3 });
    expect(found.workdir?.value).toBe('/a/b');
    expect(found.ports.map(({ value }) => value)).toEqual(['80/tcp', '90/udp', '7000/tcp', '7001/tcp', '7002/tcp']);
  });

  test('lose the inherited CMD to an ENTRYPOINT, but not one of the same stage', () => {
    expect(facts('FROM a AS x', 'CMD ["c"]', 'FROM x', 'ENTRYPOINT ["e"]').cmd).toBeUndefined();
    expect(facts('FROM a', 'CMD ["c"]', 'ENTRYPOINT ["e"]').cmd?.value).toEqual(['c']);
  });

  test('hold commands and probes as the image config does', () => {
    const found = facts(
      'FROM a',
      'ENTRYPOINT run me',
      'SHELL ["/bin/bash", "-c"]',
      'CMD x y',
      'HEALTHCHECK --retries=1 CMD p q',
    );
    expect(found.entrypoint?.value).toEqual(['/bin/sh', '-c', 'run me']);
    expect(found.cmd?.value).toEqual(['/bin/bash', '-c', 'x y']);
    expect(found.healthcheck?.value).toEqual(['CMD-SHELL', 'p q']);
    expect(facts('FROM a', 'HEALTHCHECK NONE').healthcheck?.value).toEqual(['NONE']);
    expect(facts('FROM a', 'HEALTHCHECK CMD ["p", "q"]').healthcheck?.value).toEqual(['CMD', 'p', 'q']);
  });

  test('hold labels without quotes, the last one winning', () => {
    const { labels } = facts('FROM a', 'LABEL a="x y" b=1', 'LABEL b=2');
    expect([...labels].map(([name, { value }]) => [name, value])).toEqual([
      ['a', 'x y'],
      ['b', '2'],
    ]);
  });

  test('reach MACHINE through a stage, a file taken from one, and a FROM', () => {
    const reaches = (...lines: readonly string[]) => {
      const dockerfile = parse(...lines);
      return reachesArg(dockerfile, finalStage(dockerfile)!, 'MACHINE');
    };
    expect(reaches('FROM a', 'ARG MACHINE')).toBe(true);
    expect(reaches('FROM a AS b', 'ARG MACHINE', 'FROM a', 'COPY --from=b /x /x')).toBe(true);
    expect(reaches('ARG MACHINE=x', 'FROM base-${MACHINE}')).toBe(true);
    expect(reaches('FROM a AS b', 'ARG MACHINE', 'FROM a')).toBe(false);
  });

  test('tell what COPY takes, heredocs left out', () => {
    const { instructions } = parse('FROM a', 'COPY --from=b x ${GONE}/y <<EOF /z', 'text', 'EOF');
    expect(copySources(instructions[1]!)).toEqual({
      from: 'b',
      sources: ['x', '/y'],
      destination: '/z',
      missing: ['GONE'],
    });
  });
});

describe('what is no Dockerfile', () => {
  test.each([
    ['a\0b', 'not-a-dockerfile'],
    ['{"a": 1}', 'not-a-dockerfile'],
    ['hello world\nthis is prose', 'not-a-dockerfile'],
    ['', 'no-stage'],
    ['ENV A=1', 'no-stage'],
  ])('%j is told as one', (text, kind) => {
    expect(parseDockerfile(text).problems.map((problem) => problem.kind)).toContain(kind);
  });

  test.each([
    ['501 stages', 'FROM a\n'.repeat(501), 501, 500],
    ['3001 instructions', `FROM a\n${'USER 1\n'.repeat(3_000)}`, 3_001, 3_000],
    ['an instruction of 64 kB', `FROM a\nRUN ${'x'.repeat(64_000)}\nUSER 1\n`, 2, 1],
    ['a heredoc of 64 kB', `FROM a\nRUN <<EOF\n${'x\n'.repeat(32_000)}EOF\nUSER 1\n`, 2, 1],
  ])('%s are told once, and the file is read up to there', (_name, text, line, read) => {
    const { instructions, problems } = parseDockerfile(text);
    expect(problems).toMatchObject([{ kind: 'too-large', line }]);
    expect(instructions).toHaveLength(read);
  });

  test.each([
    ['in one line', `FROM a\nCOPY${' --link'.repeat(30_000)} a b\n`],
    ['in a line that goes on', `FROM a\nCOPY${' --link \\\n'.repeat(30_000)} a b\n`],
  ])('more flags than can be are told and not read %s', (_name, text) => {
    const { instructions, problems } = parseDockerfile(text);
    expect(problems).toMatchObject([{ kind: 'too-large', line: 1, expected: 'at most 64000' }]);
    expect(instructions).toEqual([]);
  });

  test('thousands of stages among thousands of comments are told and not read', () => {
    const { instructions, problems } = parseDockerfile('FROM a\n# why\n'.repeat(20_000));
    expect(problems).toMatchObject([
      { kind: 'too-large', line: 1, message: 'this file is not read: it has 20000 stages and 20000 comments' },
    ]);
    expect(instructions).toEqual([]);
  });

  test('a file over 1 MB is told and not read', () => {
    const { instructions, problems } = parseDockerfile(`FROM a\n${'#'.repeat(1_000_000)}\n`);
    expect(problems).toMatchObject([
      { kind: 'not-a-dockerfile', message: 'this file is over 1000000 characters long' },
    ]);
    expect(instructions).toEqual([]);
  });

  test('does not hide the rest of the file', () => {
    const dockerfile = parse('FROM a', 'NOSUCH x', 'ENV A=1', '  B=2', 'USER 1:1');
    expect(dockerfile.problems.map(({ kind, line }) => [kind, line])).toEqual([
      ['unknown-instruction', 2],
      ['broken-continuation', 4],
    ]);
    expect(stageFacts(dockerfile, dockerfile.stages[0]!).user?.value).toBe('1:1');
  });
});

/** Text made of the pieces Dockerfiles are made of, so that a generated one goes deep. */
const PIECES = [
  'FROM a',
  'FROM a AS b',
  'FROM b',
  'RUN ',
  'COPY ',
  'COPY --from=b ',
  'ENV ',
  'ARG ',
  'HEALTHCHECK ',
  'CMD ',
  'ONBUILD ',
  '\n',
  '\n',
  ' \\\n',
  '<<EOF',
  'EOF',
  '"',
  "'",
  '[',
  ']',
  '${',
  '}',
  '$X',
  ':-',
  '=',
  '#',
  '--mount=',
  '`',
  '# escape=`\n',
  'x',
  '/',
  '*',
  '\t',
  '\r\n',
  '\\',
  '||',
  '>',
  '日',
];

describe('any text', () => {
  test('is read without a throw, and every place lies in it', () => {
    const text = fc.oneof(
      fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((parts) => parts.join('')),
      fc.string({ maxLength: 200 }),
      fc.string({ unit: 'binary', maxLength: 100 }),
    );
    fc.assert(
      fc.property(text, (source) => {
        const dockerfile = parseDockerfile(source);
        for (const { line, endLine, column } of [...dockerfile.instructions, ...dockerfile.problems]) {
          expect(line).toBeGreaterThan(0);
          expect(endLine).toBeGreaterThanOrEqual(line);
          expect(endLine).toBeLessThanOrEqual(dockerfile.lines.length);
          expect(column).toBeGreaterThan(0);
        }
        for (const stage of dockerfile.stages) stageFacts(dockerfile, stage);
      }),
      { numRuns: 2000 },
    );
  });
});
