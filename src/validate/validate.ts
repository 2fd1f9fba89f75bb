// Validate: proves of a repository, before anything is built, that its images can be built, started and trusted.
import type { Finding, Findings } from '../documents/findings.ts';
import { isoTime } from '../world/clock.ts';
import type { World } from '../world/world.ts';
import { applyDirectives, directivesOf, plainDirectives } from './directives.ts';
import { readFleet, type Reading } from './fleet.ts';
import type { Rule, Sighting } from './rule.ts';
import { RULES } from './rules.ts';

export interface ValidateOptions {
  readonly root: string;
  /** rollout.yml, relative to the root; undefined: `rollout.yml` where there is one, else inference. */
  readonly file?: string | undefined;
}

const DEFAULT_FILE = 'rollout.yml';

/** All findings of a repository, by file and line. Notes on what was inferred go to the log. */
export async function validate(world: World, { root, file }: ValidateOptions): Promise<Findings> {
  const reading = await readFleet(world, { root, file: file ?? DEFAULT_FILE, required: file !== undefined });
  for (const note of reading.notes) world.log.info(note);
  const findings = applyDirectives({
    findings: [...reading.findings, ...checkAll(reading)],
    directives: directivesIn(reading),
    today: isoTime(world.clock.now()).slice(0, 10),
    known: new Set(RULES.flatMap(({ id }) => (id === 'RA001' ? [] : [id]))),
  });
  return {
    schema: 'rollout/findings',
    version: 1,
    checked: [...reading.checked],
    findings: inOrder(findings.map(readable)),
  };
}

/** Every rule over every subject it is for; each finding once. */
export function checkAll({ fleet, locks }: Pick<Reading, 'fleet' | 'locks'>): readonly Finding[] {
  return RULES.flatMap((rule) => {
    switch (rule.on) {
      case 'image':
        return fleet.images
          .filter(({ role }) => rule.holds === 'all' || role === 'service')
          .flatMap((image) => rule.check(image).map((sighting) => asFinding(rule, image.file, sighting)));
      case 'lock':
        return locks.flatMap((lock) => rule.check(lock).map((sighting) => asFinding(rule, lock.file, sighting)));
      case 'fleet':
        return rule.check(fleet).map((sighting) => asFinding(rule, '.', sighting));
      case 'directive':
        return [];
    }
  });
}

function asFinding(rule: Rule, file: string, sighting: Sighting): Finding {
  const { id, severity, breaks } = rule;
  return { rule: id, severity, breaks, file, ...sighting };
}

function readable(finding: Finding): Finding {
  const { message, expected, got, cure } = finding;
  return {
    ...finding,
    ...{ message: shortened(message), cure: shortened(cure) },
    ...(expected === undefined ? {} : { expected: shortened(expected) }),
    ...(got === undefined ? {} : { got: shortened(got) }),
  };
}

/** A word of the file can be as long as the file; a finding is read by people. */
const LONGEST_TEXT = 400;

function shortened(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text;
}

function directivesIn({ fleet, locks, lockTexts }: Reading): ReturnType<typeof directivesOf> {
  return [
    ...fleet.images.flatMap(({ file, dockerfile }) => directivesOf(file, dockerfile)),
    ...locks.flatMap(({ file }) => plainDirectives(file, lockTexts.get(file) ?? '')),
  ];
}

function inOrder(findings: readonly Finding[]): Finding[] {
  const once = new Map(findings.map((finding) => [JSON.stringify(finding), finding]));
  return [...once.values()].toSorted(
    (a, b) => compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.rule, b.rule),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
