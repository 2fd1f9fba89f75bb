// The two streams of this process: a document is taken whole or a fault says why; words for people never stop the work.
import { messageOf, Fault } from '../fault.ts';

type Stream = NodeJS.WritableStream;

/** The reader has seen enough, `rollout config | head` for one; the second code is that of every write after it. */
const READER_LEFT = ['EPIPE', 'ERR_STREAM_DESTROYED'];

/** Resolves when the stream took all of it, or its reader left. Throws Fault `host` when it can't be written. */
export function print(text: string, stream: Stream = process.stdout): Promise<void> {
  outlive(stream);
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (error === undefined || error === null || hasLeft(error)) resolve();
      else reject(unwritten(text, error));
    });
  });
}

/** Writes without waiting; a full disk, a lost terminal or a closed pipe is no matter of who speaks. */
export function say(text: string, stream: Stream = process.stderr): void {
  outlive(stream);
  stream.write(text);
}

/** Without a listener an error of the stream would end the process, a cutover half way through for one. */
function outlive(stream: Stream): void {
  if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore);
}

function ignore(): void {
  // print() tells what matters, to the one who waits for it.
}

function hasLeft(error: Error): boolean {
  return 'code' in error && READER_LEFT.some((code) => code === error.code);
}

function unwritten(text: string, cause: Error): Fault {
  return new Fault('host', 'standard output did not take what was to be written', {
    where: 'standard output',
    expected: `room for ${Buffer.byteLength(text)} bytes`,
    found: messageOf(cause),
    cure: 'make room where it leads, or send it to another file or pipe, and run this again',
    cause,
  });
}
