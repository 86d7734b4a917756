import { inflateRawSync } from 'node:zlib';

/** Reads a ZIP archive that a stranger made: everything is bounded before it is unpacked, and only plain files pass. */

export const limits = { archiveBytes: 16 << 20, unpackedBytes: 64 << 20, ratio: 100, entries: 256 } as const;

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;
const FILE_KIND = 0o170000;
const REGULAR = 0o100000;

/** No absolute path, no `..`, no hidden or odd name: what a package needs, and nothing else. */
const PLAIN_PATH = /^(?:[A-Za-z0-9][\w.-]*\/)*[A-Za-z0-9][\w.-]*$/;

/** Throws an Error that says what is wrong. */
export function readZip(archive: Buffer): Map<string, Buffer> {
  if (archive.length > limits.archiveBytes) throw new Error('the archive is too large');
  try {
    return readEntries(archive);
  } catch (error) {
    if (error instanceof RangeError) throw new Error('the archive is damaged', { cause: error });
    throw error;
  }
}

function readEntries(archive: Buffer): Map<string, Buffer> {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || archive.readUInt32LE(end) !== END) throw new Error('this is no ZIP archive');
  const count = archive.readUInt16LE(end + 10);
  if (count > limits.entries) throw new Error('the archive has too many entries');
  const files = new Map<string, Buffer>();
  let at = archive.readUInt32LE(end + 16);
  let unpacked = 0;
  for (let n = 0; n < count; n += 1) {
    if (archive.readUInt32LE(at) !== ENTRY) throw new Error('the archive is damaged');
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((member) => archive.readUInt16LE(at + member));
    const path = archive.toString('utf8', at + 46, at + 46 + (nameBytes ?? 0));
    if (!PLAIN_PATH.test(path)) throw new Error(`the archive holds a path that is not allowed: ${path}`);
    if (files.has(path)) throw new Error(`the archive holds ${path} twice`);
    const kind = (archive.readUInt32LE(at + 38) >>> 16) & FILE_KIND;
    if (kind !== 0 && kind !== REGULAR) throw new Error(`${path} is a link or no plain file`);
    unpacked += archive.readUInt32LE(at + 24);
    if (unpacked > limits.unpackedBytes) throw new Error('the archive is too large when unpacked');
    files.set(path, contentOf(archive, at, path));
    at += 46 + (nameBytes ?? 0) + (extraBytes ?? 0) + (commentBytes ?? 0);
  }
  return files;
}

function contentOf(archive: Buffer, entry: number, path: string): Buffer {
  const method = archive.readUInt16LE(entry + 10);
  const packed = archive.readUInt32LE(entry + 20);
  const size = archive.readUInt32LE(entry + 24);
  const local = archive.readUInt32LE(entry + 42);
  if (size > packed * limits.ratio) throw new Error(`${path} is packed too well to be true`);
  if (archive.readUInt32LE(local) !== LOCAL) throw new Error('the archive is damaged');
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const bytes = archive.subarray(start, start + packed);
  if (method === STORED && packed === size) return Buffer.from(bytes);
  if (method !== DEFLATED) throw new Error(`${path} is packed in an unknown way`);
  try {
    const content = inflateRawSync(bytes, { maxOutputLength: Math.max(size, 1) });
    if (content.length === size) return content;
  } catch {
    // told below: damaged, or larger than it says
  }
  throw new Error(`${path} does not unpack to what the archive says`);
}
