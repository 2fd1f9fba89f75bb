// The project folder's `.env`: the one line in it that a rollout may write, COMPOSE_FILE. Every other byte stays.
import { Fault } from '../fault.ts';

/** The file in the project folder that pins every service's image by digest. */
export const PINS_FILE = 'compose.rollout.yml';

const NAME = 'COMPOSE_FILE';
const LINE = /^[ \t]*(?:export[ \t]+)?COMPOSE_FILE[ \t]*=(.*)$/m;
const SEPARATOR = ':';

/** The Compose files a plain `docker compose` in the folder reads, or undefined when `.env` does not say. */
export function composeFilesOf(text: string): readonly string[] | undefined {
  const value = LINE.exec(text)?.[1];
  if (value === undefined) return undefined;
  const bare = value.trim().replace(/^(['"])(.*)\1$/, '$2');
  return bare.split(SEPARATOR).filter((file) => file !== '');
}

/** The files in their order once the rollout's pins are read last. Throws Fault `conflict` when `.env` names others. */
export function wantedComposeFiles(text: string, compose: string): readonly string[] {
  const said = composeFilesOf(text);
  if (said === undefined) return [compose, PINS_FILE];
  if (!said.includes(compose)) {
    throw new Fault('conflict', `.env reads other Compose files than the rollout`, {
      where: `.env: ${NAME}`,
      expected: compose,
      found: said.join(SEPARATOR),
      cure: `put ${compose} into ${NAME}, or name the machine's own file as its \`compose\` in rollout.yml`,
    });
  }
  return [...said.filter((file) => file !== PINS_FILE), PINS_FILE];
}

/** `.env` with its COMPOSE_FILE line set, and nothing else changed; the very same text when it says so already. */
export function withComposeFiles(text: string, files: readonly string[]): string {
  const value = files.join(SEPARATOR);
  if (composeFilesOf(text)?.join(SEPARATOR) === value) return text;
  if (LINE.test(text)) return text.replace(LINE, () => `${NAME}=${value}`);
  const newline = text === '' || text.endsWith('\n') ? '' : '\n';
  return `${text}${newline}${NAME}=${value}\n`;
}

/** `.env` with COMPOSE_FILE as it was: its former value, or no such line. */
export function withFormerComposeFile(text: string, former: string | undefined): string {
  if (former !== undefined) return withComposeFiles(text, former.split(SEPARATOR));
  return text.replace(/^[ \t]*(?:export[ \t]+)?COMPOSE_FILE[ \t]*=.*\n?/m, '');
}

/** The value of COMPOSE_FILE as one text. */
export function composeFileValue(files: readonly string[]): string {
  return files.join(SEPARATOR);
}
