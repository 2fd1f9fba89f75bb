// A ZIP archive as GitHub's upload makes one: streamed, so that sizes stand behind each file and in the list at the end only.
import { crc32, deflateRawSync } from 'node:zlib';

const STREAMED = 0x0008;

export function archiveOf(files: Readonly<Record<string, string>>, method: 0 | 8 = 8): Buffer {
  const locals: Buffer[] = [];
  const list: Buffer[] = [];
  for (const [name, text] of Object.entries(files)) {
    const offset = locals.reduce((sum, part) => sum + part.length, 0);
    const plain = Buffer.from(text);
    const packed = method === 8 ? deflateRawSync(plain) : plain;
    const sizes = words(4, crc32(plain), packed.length, plain.length);
    const kind = words(2, 20, STREAMED, method, 0, 0);
    const names = words(2, Buffer.byteLength(name), 0);
    const local = [words(4, 0x04034b50), kind, words(4, 0, 0, 0), names, Buffer.from(name)];
    locals.push(...local, packed, words(4, 0x08074b50), sizes);
    const rest = Buffer.concat([words(2, 0, 0, 0), words(4, 0, offset)]);
    list.push(words(4, 0x02014b50), words(2, 20), kind, sizes, names, rest, Buffer.from(name));
  }
  const [body, index] = [Buffer.concat(locals), Buffer.concat(list)];
  const count = Object.keys(files).length;
  const end = [words(4, 0x06054b50), words(2, 0, 0, count, count), words(4, index.length, body.length), words(2, 0)];
  return Buffer.concat([body, index, ...end]);
}

function words(bytes: 2 | 4, ...values: readonly number[]): Buffer {
  const out = Buffer.alloc(bytes * values.length);
  for (const [place, value] of values.entries()) out.writeUIntLE(value, place * bytes, bytes);
  return out;
}
