// Text of others (logs, reasons, names) made harmless for Markdown and HTML: it is shown, and never acts.

// CSI sequences (colours, cursor), OSC sequences (titles, links), and two-byte escapes, as ECMA-48 has them.
const TERMINAL = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;
// Other control characters but newline and tab, and the marks that turn the direction of text around.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** All that Markdown, its tables, GitHub's maths or HTML may read as a sign. */
const SIGNS = /[&<>`*~[\]|\\$#@]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu;

/** Without colours, cursor moves and other control characters; newlines stay. */
export function plain(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(TERMINAL, '').replace(CONTROL, '');
}

/** Text within a line or a table cell: one line, every sign an entity. */
export function inline(text: string): string {
  return entities(plain(text).replace(/\s*\n\s*/g, ' ')).trim();
}

/** The lines of a log as preformatted HTML, which no text in it can leave. */
export function preformatted(lines: readonly string[]): string {
  const told = lines.map((line) => plain(line).replace(/[&<>]/g, entity));
  return ['<pre>', ...told, '</pre>'].join('\n');
}

/** A label in a Mermaid chart: its grammar has no quoting, so only what no rule of it starts with is left. */
export function chartLabel(text: string): string {
  return plain(text)
    .replace(/[^\p{L}\p{N}._-]+/gu, ' ')
    .trim();
}

function entities(text: string): string {
  return text.replace(SIGNS, entity);
}

function entity(sign: string): string {
  return `&#${sign.codePointAt(0) ?? 0};`;
}
