// Makes the Python packages of the sandbox's index from the sources beside it, byte for byte the same on every machine.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { crc32 } from 'node:zlib';

export type PackageFile = {
  readonly project: string;
  readonly filename: string;
  readonly bytes: Buffer;
  readonly sha256: string;
};

type Entry = { readonly path: string; readonly bytes: Buffer };

export const PACKAGE_SOURCES = join(import.meta.dirname, 'packages');

/** 2024-01-01T00:00:00Z: any fixed moment will do, but zip cannot say one before 1980. */
const FIXED_SECONDS = 1_704_067_200;
const FIXED_DOS_DATE = ((2024 - 1980) << 9) | (1 << 5) | 1;
const FILE_MODE = 0o100644;
const STORED_BLOCK_BYTES = 65_535;
const TAR_BLOCK_BYTES = 512;

/** Every file of the index that is made here, in the order of their names. A folder with a pyproject.toml becomes an sdist. */
export async function makePackages(sources: string = PACKAGE_SOURCES): Promise<readonly PackageFile[]> {
  const folders = (await readdir(sources, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const made = await Promise.all(folders.map((folder) => makePackage(sources, folder.name)));
  return made.sort((left, right) => (left.filename < right.filename ? -1 : 1));
}

/** The committed list of hashes, in the format of sha256sum: lock files of the example fleet copy from it. */
export function hashLines(packages: readonly PackageFile[]): string {
  return packages.map(({ sha256, filename }) => `${sha256}  ${filename}\n`).join('');
}

async function makePackage(sources: string, folder: string): Promise<PackageFile> {
  const dash = folder.lastIndexOf('-');
  const project = folder.slice(0, dash);
  const version = folder.slice(dash + 1);
  const entries = await readEntries(join(sources, folder));
  const isSource = entries.some(({ path }) => path === 'pyproject.toml');
  const bytes = isSource ? sdist(project, version, entries) : wheel(project, version, entries);
  const filename = isSource ? `${folder}.tar.gz` : `${folder}-py3-none-any.whl`;
  return { project, filename, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

async function readEntries(folder: string): Promise<readonly Entry[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = found
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.pyc'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
  return Promise.all(paths.map(async (path) => ({ path, bytes: await readFile(join(folder, path)) })));
}

function metadata(project: string, version: string): Buffer {
  return Buffer.from(`Metadata-Version: 2.1\nName: ${project}\nVersion: ${version}\nRequires-Python: >=3.9\n`);
}

function sdist(project: string, version: string, entries: readonly Entry[]): Buffer {
  const all = [...entries, { path: 'PKG-INFO', bytes: metadata(project, version) }];
  const blocks = all.map(({ path, bytes }) => tarEntry(`${project}-${version}/${path}`, bytes));
  return gzipStored(Buffer.concat([...blocks, Buffer.alloc(2 * TAR_BLOCK_BYTES)]));
}

function wheel(project: string, version: string, entries: readonly Entry[]): Buffer {
  const info = `${project}-${version}.dist-info`;
  const tags = 'Wheel-Version: 1.0\nGenerator: sandbox\nRoot-Is-Purelib: true\nTag: py3-none-any\n';
  const listed = [
    ...entries,
    { path: `${info}/METADATA`, bytes: metadata(project, version) },
    { path: `${info}/WHEEL`, bytes: Buffer.from(tags) },
  ];
  const record = listed.map(recordLine).join('') + `${info}/RECORD,,\n`;
  return zipStored([...listed, { path: `${info}/RECORD`, bytes: Buffer.from(record) }]);
}

function recordLine({ path, bytes }: Entry): string {
  return `${path},sha256=${createHash('sha256').update(bytes).digest('base64url')},${String(bytes.length)}\n`;
}

/** One file of a ustar archive: header and content, each filled up to whole blocks. */
function tarEntry(path: string, bytes: Buffer): Buffer {
  const header = Buffer.alloc(TAR_BLOCK_BYTES);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  header.write(path, 0);
  header.write(octal(FILE_MODE & 0o777, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(bytes.length, 11), 124);
  header.write(octal(FIXED_SECONDS, 11), 136);
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\0' + '00', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  const padding = Buffer.alloc((TAR_BLOCK_BYTES - (bytes.length % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES);
  return Buffer.concat([header, bytes, padding]);
}

/** gzip without compression, written here because two versions of zlib may differ in what they make of the same bytes. */
function gzipStored(bytes: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])];
  for (let start = 0; start < bytes.length; start += STORED_BLOCK_BYTES) {
    const block = bytes.subarray(start, start + STORED_BLOCK_BYTES);
    const head = Buffer.alloc(5);
    head.writeUInt8(start + STORED_BLOCK_BYTES >= bytes.length ? 1 : 0, 0);
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(~block.length & 0xffff, 3);
    parts.push(head, block);
  }
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc32(bytes), 0);
  tail.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([...parts, tail]);
}

function zipStored(entries: readonly Entry[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const local = Buffer.concat([zipLocalHeader(entry), entry.bytes]);
    centrals.push(zipCentralHeader(entry, offset));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  return Buffer.concat([...locals, directory, zipEnd(entries.length, directory.length, offset)]);
}

/** The 22 bytes which local and central headers share, from "flags" to "name length". */
function zipFacts({ path, bytes }: Entry): Buffer {
  const facts = Buffer.alloc(22);
  facts.writeUInt16LE(FIXED_DOS_DATE, 6);
  facts.writeUInt32LE(crc32(bytes), 8);
  facts.writeUInt32LE(bytes.length, 12);
  facts.writeUInt32LE(bytes.length, 16);
  facts.writeUInt16LE(Buffer.byteLength(path), 20);
  return facts;
}

function zipLocalHeader(entry: Entry): Buffer {
  const start = Buffer.from([0x50, 0x4b, 3, 4, 20, 0]);
  return Buffer.concat([start, zipFacts(entry), Buffer.alloc(2), Buffer.from(entry.path)]);
}

function zipCentralHeader(entry: Entry, offset: number): Buffer {
  // "Made by" unix (3): without it the mode in the external attributes is not read.
  const start = Buffer.from([0x50, 0x4b, 1, 2, 20, 3, 20, 0]);
  const rest = Buffer.alloc(16);
  rest.writeUInt32LE((FILE_MODE << 16) >>> 0, 8);
  rest.writeUInt32LE(offset, 12);
  return Buffer.concat([start, zipFacts(entry), rest, Buffer.from(entry.path)]);
}

function zipEnd(count: number, directoryBytes: number, directoryOffset: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(directoryBytes, 12);
  end.writeUInt32LE(directoryOffset, 16);
  return end;
}
