// The shell text of a RUN taken apart into commands and operators, far enough to see what runs and what happens when it fails.

export interface ShellWord {
  /** As written. */
  readonly raw: string;
  /** Without quotes and escapes; variables stay. */
  readonly value: string;
  readonly offset: number;
}

export interface Redirect {
  /** `>`, `>>`, `<`, `<<`, `2>`. */
  readonly operator: string;
  readonly target: string;
  readonly offset: number;
  /** The word right before it, with no blank between: `torch` in `torch>=2`. */
  readonly glued: ShellWord | undefined;
}

export interface Command {
  readonly kind: 'command';
  readonly words: readonly ShellWord[];
  readonly redirects: readonly Redirect[];
  readonly depth: number;
  readonly offset: number;
  readonly end: number;
}

export interface Operator {
  readonly kind: 'operator';
  readonly text: '&&' | '||' | ';' | '|' | '&' | '(' | ')';
  /** How many groups it stands in. */
  readonly depth: number;
  readonly offset: number;
}

export type Item = Command | Operator;

/** A program and its arguments, without assignments, keywords and wrappers before it. */
export interface Call {
  readonly program: string;
  readonly arguments: readonly string[];
  /** `NAME=value` before the program. */
  readonly assignments: readonly string[];
}

const BEFORE_A_PROGRAM = new Set([
  'if',
  'then',
  'else',
  'elif',
  'do',
  'while',
  'until',
  '!',
  '{',
  'time',
  'exec',
  'command',
  'env',
]);

/** Reads shell text; never throws, an open quote runs to the end. */
export function parseShell(text: string): readonly Item[] {
  const reader = new Reader(text);
  return reader.read();
}

export function commandsOf(items: readonly Item[]): readonly Command[] {
  return items.filter((item) => item.kind === 'command');
}

/** What a command calls; undefined for one of assignments and keywords only. */
export function callOf(command: Command): Call | undefined {
  const assignments: string[] = [];
  let at = 0;
  for (; at < command.words.length; at += 1) {
    const word = command.words[at]?.value ?? '';
    if (/^[A-Za-z_]\w*=/.test(word)) assignments.push(word);
    else if (!BEFORE_A_PROGRAM.has(word)) break;
  }
  const [program, ...rest] = command.words.slice(at).map(({ value }) => value);
  return program === undefined ? undefined : { program, arguments: rest, assignments };
}

/** The name of a program without its folder. */
export function programName(call: Call): string {
  return call.program.split('/').at(-1) ?? call.program;
}

class Reader {
  readonly #text: string;
  readonly #items: Item[] = [];
  #at = 0;
  #depth = 0;
  #words: ShellWord[] = [];
  #redirects: Redirect[] = [];
  #begin: number | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  read(): readonly Item[] {
    while (this.#at < this.#text.length) this.#step();
    this.#endCommand();
    return this.#items;
  }

  #step(): void {
    const rest = this.#text.slice(this.#at, this.#at + 4);
    const blank = /^[ \t\r]/.test(rest) || rest.startsWith('\\\n');
    if (blank) this.#at += rest.startsWith('\\\n') ? 2 : 1;
    else if (rest.startsWith('#')) this.#skipComment();
    else if (/^(?:\d*[<>])/.test(rest) && !/^\d*[<>]\(/.test(rest)) this.#readRedirect();
    else if (rest.startsWith('\n')) this.#operator(';', 1);
    else if (rest.startsWith('&&') || rest.startsWith('||')) this.#operator(rest.startsWith('&&') ? '&&' : '||', 2);
    else if (rest.startsWith('|') || rest.startsWith('&')) this.#operator(rest.startsWith('|') ? '|' : '&', 1);
    else if (rest.startsWith(';')) this.#operator(';', rest.startsWith(';;') ? 2 : 1);
    else if (rest.startsWith('(') || /^\{[\s]/.test(rest)) this.#group(1);
    else if (rest.startsWith(')') || (/^\}(?=[\s;&|)]|$)/.test(rest) && this.#words.length === 0)) this.#group(-1);
    else this.#words.push(this.#readWord());
  }

  #operator(text: Operator['text'], length: number): void {
    this.#endCommand();
    this.#items.push({ kind: 'operator', text, depth: this.#depth, offset: this.#at });
    this.#at += length;
  }

  #group(step: 1 | -1): void {
    this.#endCommand();
    if (step < 0) this.#depth = Math.max(0, this.#depth - 1);
    this.#items.push({ kind: 'operator', text: step > 0 ? '(' : ')', depth: this.#depth, offset: this.#at });
    if (step > 0) this.#depth += 1;
    this.#at += 1;
  }

  #skipComment(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#text.length : end;
  }

  #endCommand(): void {
    if (this.#begin !== undefined) {
      const [words, redirects, offset] = [this.#words, this.#redirects, this.#begin];
      this.#items.push({ kind: 'command', words, redirects, depth: this.#depth, offset, end: this.#at });
    }
    this.#words = [];
    this.#redirects = [];
    this.#begin = undefined;
  }

  #readRedirect(): void {
    this.#begin ??= this.#at;
    const offset = this.#at;
    const previous = this.#words.at(-1);
    const glued = previous !== undefined && previous.offset + previous.raw.length === offset ? previous : undefined;
    const operator = /^\d*(?:<<<|<<-?|<&|>&|>>|>\||[<>])/.exec(this.#text.slice(offset, offset + 12))?.[0] ?? '>';
    this.#at += operator.length;
    while (/[ \t]/.test(this.#text.charAt(this.#at))) this.#at += 1;
    const target = this.#at < this.#text.length ? this.#readWord().value : '';
    this.#redirects.push({ operator, target, offset, glued });
  }

  #readWord(): ShellWord {
    this.#begin ??= this.#at;
    const offset = this.#at;
    let value = '';
    while (this.#at < this.#text.length) {
      const char = this.#text.charAt(this.#at);
      // A redirection ends a word, but for a word of digits it is its file number.
      if (/[\s;&|()<>]/.test(char)) break;
      value += this.#readPart(char);
    }
    // Whatever stands here is taken, so that reading always goes forward.
    if (this.#at === offset) this.#at += 1;
    return { raw: this.#text.slice(offset, this.#at), value, offset };
  }

  #readPart(char: string): string {
    const from = this.#at;
    if (char === '\\') {
      this.#at += 2;
      return this.#text.charAt(from + 1) === '\n' ? '' : this.#text.charAt(from + 1);
    }
    if (char === "'") return this.#readTo("'", from).slice(1);
    if (char === '"') return this.#readDouble();
    if (char === '`') return `${this.#readTo('`', from)}\``;
    if (char === '$' && /[({]/.test(this.#text.charAt(from + 1))) return this.#readNested();
    this.#at += 1;
    return char;
  }

  #readTo(quote: string, from: number): string {
    const end = this.#text.indexOf(quote, from + 1);
    this.#at = end < 0 ? this.#text.length : end + 1;
    return this.#text.slice(from, end < 0 ? this.#text.length : end);
  }

  #readDouble(): string {
    let value = '';
    this.#at += 1;
    while (this.#at < this.#text.length && this.#text.charAt(this.#at) !== '"') {
      const escaped = this.#text.charAt(this.#at) === '\\' && /["\\$`\n]/.test(this.#text.charAt(this.#at + 1));
      if (escaped) this.#at += 1;
      value += this.#text.charAt(this.#at);
      this.#at += 1;
    }
    this.#at += 1;
    return value;
  }

  #readNested(): string {
    const from = this.#at;
    const [open, close] = this.#text.charAt(from + 1) === '(' ? ['(', ')'] : ['{', '}'];
    let depth = 0;
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text.charAt(this.#at);
      if (char === '\\') this.#at += 1;
      else if (char === "'") this.#readQuotedInside();
      else if (char === open) depth += 1;
      else if (char === close) depth -= 1;
      if (depth === 0) break;
    }
    this.#at += 1;
    return this.#text.slice(from, this.#at);
  }

  #readQuotedInside(): void {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end >= 0) this.#at = end;
  }
}
