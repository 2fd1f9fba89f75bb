// One file out of a ZIP archive, as GitHub keeps artifacts: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
import { inflateRawSync } from 'node:zlib';
import { Fault } from '../fault.ts';

const END = 0x06054b50;
const END_BYTES = 22;
const COMMENT_MAX_BYTES = 0xffff;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
/** An archive may unpack to far more than it weighs. */
const FILE_MAX_BYTES = 64 * 1024 * 1024;

/** The bytes of the file of that name; undefined when the archive has none. Throws Fault `document` when it is torn. */
export function fileInArchive(archive: Uint8Array, name: string): Uint8Array | undefined {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  try {
    const entry = entriesOf(bytes).find((one) => one.name === name);
    return entry === undefined ? undefined : unpack(bytes, entry);
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault('document', 'the archive of an artifact is torn', { where: name, cause });
  }
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly packedBytes: number;
  readonly offset: number;
}

/** The list at the end: what stands before each file may leave its size open. */
function entriesOf(bytes: Buffer): readonly Entry[] {
  const end = endOf(bytes);
  const count = bytes.readUInt16LE(end + 10);
  const entries: Entry[] = [];
  for (let at = bytes.readUInt32LE(end + 16); entries.length < count;) {
    if (bytes.readUInt32LE(at) !== ENTRY) throw torn('an entry of its list', at);
    const nameBytes = bytes.readUInt16LE(at + 28);
    entries.push({
      name: bytes.toString('utf8', at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes),
      method: bytes.readUInt16LE(at + 10),
      packedBytes: bytes.readUInt32LE(at + 20),
      offset: bytes.readUInt32LE(at + 42),
    });
    at += ENTRY_BYTES + nameBytes + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return entries;
}

function endOf(bytes: Buffer): number {
  const first = Math.max(0, bytes.length - END_BYTES - COMMENT_MAX_BYTES);
  for (let at = bytes.length - END_BYTES; at >= first; at -= 1) if (bytes.readUInt32LE(at) === END) return at;
  throw torn('the end of its list', bytes.length);
}

function unpack(bytes: Buffer, { method, packedBytes, offset, name }: Entry): Uint8Array {
  const start = offset + LOCAL_BYTES + bytes.readUInt16LE(offset + 26) + bytes.readUInt16LE(offset + 28);
  const packed = bytes.subarray(start, start + packedBytes);
  if (method === DEFLATED) return inflateRawSync(packed, { maxOutputLength: FILE_MAX_BYTES });
  if (method === STORED) return packed;
  throw new Fault('document', `${name} is packed in a way that is not known`, {
    expected: `method ${STORED} or ${DEFLATED}`,
    found: `method ${method}`,
  });
}

function torn(expected: string, at: number): Fault {
  return new Fault('document', 'the archive of an artifact is torn', { expected, found: `other bytes at ${at}` });
}
