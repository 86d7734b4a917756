import { text } from 'node:stream/consumers';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import type { Application, Described } from '../../activities/ports.ts';
import { AppD } from '../../protocols/mec010-2/descriptor.ts';

/** A descriptor is small; whoever's is larger is not read, nor one among so many files. */
const [LARGEST, MOST] = [1 << 20, 10_000];
const META = 'TOSCA-Metadata/TOSCA.meta';

/**
 * What the descriptor of the archive says, which is of the very content that is on-boarded (`checksum`). Undefined: there is
 * no archive here, or it is none that is read: wrapped in a signature, in YAML, or no CSAR. Nothing but the descriptor is unpacked.
 */
export async function descriptorOf({ archive }: Pick<Application, 'archive'>): Promise<Described | undefined> {
  let zip: ZipFile;
  try {
    zip = await openPromise(archive.path, { autoClose: false, lazyEntries: true });
  } catch {
    return undefined;
  }
  try {
    if (zip.entryCount > MOST) return undefined;
    const files = new Map<string, Entry>();
    for await (const entry of zip.eachEntry()) files.set(entry.fileName, entry);
    const meta = await read(zip, files.get(META));
    const [, path = ''] = /^Entry-Definitions:\s*(\S+)\s*$/m.exec(meta ?? '') ?? [];
    const told = await read(zip, files.get(path));
    const parsed = AppD.safeParse(JSON.parse(told ?? ''));
    return parsed.success ? described(parsed.data) : undefined;
  } catch {
    return undefined; // orchestrators may read what we do not
  } finally {
    zip.close();
  }
}

async function read(zip: ZipFile, entry: Entry | undefined): Promise<string | undefined> {
  if (entry === undefined || entry.uncompressedSize > LARGEST || !entry.canDecodeFileData()) return undefined;
  return await text(await zip.openReadStreamPromise(entry));
}

const described = ({ appDNSRule, appTrafficRule, appServiceRequired }: AppD): Described => ({
  names: appDNSRule.map(({ domainName }) => domainName),
  traffic: appTrafficRule.length > 0,
  requires: appServiceRequired.map(({ serName }) => serName),
});
