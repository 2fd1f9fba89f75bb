// Text from outside, made harmless for where it is shown: nothing in it steers a terminal or commands a workflow.

/** Everything that steers: control characters but newline and tab, and what turns the direction of writing or ends a line. */
const STEERING = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu;
/** GitHub's runner takes a line for a command that begins so, blanks apart, or, in the older form, that holds `##[`. */
const COMMAND = /^(\s*)::/gm;
const OLD_COMMAND = /##\[/g;

/** The text with every steering character shown as `\u001b`. */
export function plainText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(STEERING, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}

/** The text with a backslash in whatever a GitHub runner would obey. */
export function withoutCommands(text: string): string {
  return text.replace(COMMAND, '$1\\::').replace(OLD_COMMAND, '#\\#[');
}
