import { buffer } from 'node:stream/consumers';
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl';

/** Reads a ZIP archive that a stranger made: everything is bounded before it is unpacked, and only plain files pass. */

export const limits = { archiveBytes: 16 << 20, unpackedBytes: 64 << 20, ratio: 200, entries: 1_000 } as const;

const FILE_KIND = 0o170000;
const REGULAR = 0o100000;
const NAMES = /absolute path|invalid relative path|invalid characters in fileName/;
const CONTROLS = /\p{Cc}/u;

/** Every file by its path; directories are only where files are. Throws an Error that says what is wrong. */
export async function readZip(archive: Buffer): Promise<Map<string, Buffer>> {
  if (archive.length > limits.archiveBytes) throw new Error('the archive is too large');
  const zip = await opened(archive);
  if (zip.entryCount > limits.entries) throw new Error('the archive has too many entries');
  const files = new Map<string, Buffer>();
  let unpacked = 0;
  for await (const entry of entriesOf(zip)) {
    const path = entry.fileName;
    if (path.endsWith('/')) continue;
    if (CONTROLS.test(path)) throw new Error(`the archive holds a path that is not allowed: ${JSON.stringify(path)}`);
    if (files.has(path)) throw new Error(`the archive holds ${path} twice`);
    unpacked += entry.uncompressedSize;
    if (unpacked > limits.unpackedBytes) throw new Error('the archive is too large when unpacked');
    demandPlain(entry);
    files.set(path, await contentOf(zip, entry));
  }
  return files;
}

async function opened(archive: Buffer): Promise<ZipFile> {
  try {
    return await fromBufferPromise(archive, { strictFileNames: true });
  } catch (error) {
    throw new Error('this is no ZIP archive', { cause: error });
  }
}

/** Names that lead out of the archive are refused by its reader. */
async function* entriesOf(zip: ZipFile): AsyncGenerator<Entry> {
  try {
    yield* zip.eachEntry();
  } catch (error) {
    const { message } = error as Error;
    const path = message.slice(message.indexOf(': ') + 2);
    throw new Error(
      NAMES.test(message) ? `the archive holds a path that is not allowed: ${path}` : 'the archive is damaged',
      { cause: error },
    );
  }
}

function demandPlain(entry: Entry): void {
  const path = entry.fileName;
  const kind = (entry.externalFileAttributes >>> 16) & FILE_KIND;
  if (kind !== 0 && kind !== REGULAR) throw new Error(`${path} is a link or no plain file`);
  if (entry.uncompressedSize > entry.compressedSize * limits.ratio)
    throw new Error(`${path} is packed too well to be true`);
  if (!entry.canDecodeFileData()) throw new Error(`${path} is packed in an unknown way, or encrypted`);
}

async function contentOf(zip: ZipFile, entry: Entry): Promise<Buffer> {
  try {
    return await buffer(await zip.openReadStreamPromise(entry)); // never more than the entry says
  } catch (error) {
    throw new Error(`${entry.fileName} does not unpack to what the archive says`, { cause: error });
  }
}
