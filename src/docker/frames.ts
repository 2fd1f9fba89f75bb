// A container's log as the engine sends it: frames of eight bytes of header and a payload, or plain text from a terminal.

const HEADER_BYTES = 8;
/** Stream types of the header's first byte: stdin, stdout, stderr. */
const LAST_STREAM_TYPE = 2;

/** The lines of a log answer, both streams in the order they came. A torn last frame gives what is there of it. */
export function logLines(body: Uint8Array): readonly string[] {
  const bytes = Buffer.from(body);
  const text = isFramed(bytes) ? unframe(bytes) : bytes.toString('utf8');
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function isFramed(bytes: Buffer): boolean {
  const zeros = bytes.subarray(1, 4).every((byte) => byte === 0);
  return bytes.length >= HEADER_BYTES && (bytes[0] ?? LAST_STREAM_TYPE + 1) <= LAST_STREAM_TYPE && zeros;
}

function unframe(bytes: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const length = bytes.readUInt32BE(at + 4);
    parts.push(bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length));
    at += HEADER_BYTES + length;
  }
  return Buffer.concat(parts).toString('utf8');
}
