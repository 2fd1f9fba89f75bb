// What is known for certain of images that are not built here; of any other outside image nothing is assumed.
import { parseReference, type ImageReference } from '../images/reference.ts';
import { messageOf } from '../fault.ts';

export interface OutsideFacts {
  readonly user: 'root';
  /** Programs it certainly lacks. */
  readonly lacks: ReadonlySet<string>;
}

const NO_TOOLS = new Set(['curl', 'wget', 'tini', 'nc', 'jq']);
const SOME_TOOLS = new Set(['tini', 'jq']);

/** Docker's official images run as root and are empty below /app; the slim ones bring no tools for downloads. */
const KNOWN: readonly { readonly path: RegExp; readonly tag?: RegExp; readonly lacks: ReadonlySet<string> }[] = [
  { path: /^library\/python$/, tag: /slim/, lacks: NO_TOOLS },
  { path: /^library\/python$/, tag: /alpine/, lacks: new Set(['curl', 'tini', 'jq']) },
  { path: /^library\/python$/, lacks: SOME_TOOLS },
  { path: /^library\/(debian|ubuntu)$/, lacks: NO_TOOLS },
  { path: /^library\/(alpine|busybox)$/, lacks: new Set(['curl', 'tini', 'jq']) },
  { path: /^library\/(golang|rust)$/, lacks: SOME_TOOLS },
  { path: /^nvidia\/cuda$/, lacks: NO_TOOLS },
];

/** Facts of an outside image, or undefined when it must not be guessed at. */
export function outsideFacts(text: string): OutsideFacts | undefined {
  const reference = readReference(text);
  if (reference === undefined || reference.host !== 'docker.io') return undefined;
  const found = KNOWN.find(({ path, tag }) => path.test(reference.path) && (tag?.test(reference.tag ?? '') ?? true));
  return found === undefined ? undefined : { user: 'root', lacks: found.lacks };
}

/** The parts of a reference, or undefined where the text is none. */
export function readReference(text: string): ImageReference | undefined {
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}

/** Why a text is not a reference; undefined when it is one. */
export function referenceFault(text: string): string | undefined {
  try {
    parseReference(text);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
