// What is wrong with a file that is not YAML, in the words of this program instead of the parser's.
import type { Complaint } from './complain.ts';

export const TWICE: Complaint = { message: 'this key stands here a second time', cure: 'keep one of the two' };
export const LOOSE_ALIAS: Complaint = {
  message: 'an alias (*name) has no anchor (&name) before it',
  cure: 'write the anchor above, or put the value in quotes if the * is part of it',
};
export const ENDLESS: Complaint = {
  message: 'the aliases of this file unfold to far more than is written',
  cure: 'write the values out, or merge fewer aliases',
};

const BRACKET: Complaint = {
  message: 'a bracket is not closed',
  cure: 'close every [ with ] and every { with }, and indent the lines between',
};
const QUOTE: Complaint = { message: 'a quote is not closed', cure: 'close it in the same value' };
const INDENT: Complaint = {
  message: 'the indentation does not fit',
  cure: 'give keys of one map, and items of one list, the same number of spaces before them',
};
const ANCHORS: Complaint = {
  message: 'an anchor, a tag or an alias stands where none can',
  cure: 'keep one per value',
};
const OTHER: Complaint = {
  message: 'this line is not YAML',
  cure: 'mend it, or the line before; the lines below may be fine',
};

/** By the parser's code; https://eemeli.org/yaml/#errors */
const WORDS: Readonly<Record<string, Complaint>> = {
  ALIAS_PROPS: ANCHORS,
  BAD_ALIAS: LOOSE_ALIAS,
  BAD_COLLECTION_TYPE: ANCHORS,
  BAD_DIRECTIVE: { message: 'a % directive is not known', cure: 'take it away; YAML 1.2 is read without one' },
  BAD_DQ_ESCAPE: {
    message: 'a backslash in double quotes begins no known escape',
    cure: 'write two backslashes, or single quotes around the value',
  },
  BAD_INDENT: INDENT,
  BAD_PROP_ORDER: ANCHORS,
  BAD_SCALAR_START: {
    message: 'a value begins with a character that YAML reserves',
    cure: 'put the value in quotes',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a second "key: value" stands in one line',
    cure: 'put the value in quotes if the colon is part of it, or write a line for each key',
  },
  BLOCK_IN_FLOW: {
    message: 'an indented block stands inside brackets',
    cure: 'write the value inside the brackets too, or write the whole without brackets',
  },
  DUPLICATE_KEY: TWICE,
  KEY_OVER_1024_CHARS: { message: 'a key is too long', cure: 'keep keys under 1024 characters' },
  MISSING_CHAR: OTHER,
  MULTILINE_IMPLICIT_KEY: {
    message: 'a key goes over more than one line',
    cure: 'write the key and its colon in one line',
  },
  MULTIPLE_ANCHORS: ANCHORS,
  MULTIPLE_DOCS: {
    message: 'the file holds more than one document',
    cure: 'keep one; a line with --- begins another',
  },
  MULTIPLE_TAGS: ANCHORS,
  RESOURCE_EXHAUSTION: { message: 'values are nested too deep', cure: 'nest lists and maps less' },
  TAB_AS_INDENT: { message: 'a tab stands where spaces must', cure: 'indent with spaces' },
  TAG_RESOLVE_FAILED: { message: 'a value does not fit its tag', cure: 'take the tag (!!…) away' },
};

/** The complaint for an error of the parser. */
export function wordsFor(code: string, message: string): Complaint {
  // One code of the parser stands for brackets, quotes and colons alike; only its message tells which.
  if (/\bend with a [\]}]/.test(message)) return BRACKET;
  if (code === 'MISSING_CHAR' && /quote/.test(message)) return QUOTE;
  return WORDS[code] ?? OTHER;
}
