import { zipSync } from 'fflate';
import { descriptorsArchive, readCsar } from './csar.ts';
import { type Descriptor, descriptorOf } from './descriptor.ts';
import { type Checksum, digestOf, PackageInvalid, sha256 } from './digest.ts';
import { checkManifest } from './manifest.ts';
import { toscaMeta } from './tosca-meta.ts';

/**
 * Application packages: a CSAR with a manifest, as MEC 010-2, MEC 037 and NFV-SOL 004 mean it. Whoever on-boards one
 * validates it first; nothing of a package is used before that.
 */

export type { Descriptor } from './descriptor.ts';
export { Checksum, digestOf, PackageInvalid, sha256 } from './digest.ts';

const DESCRIPTOR = 'Definitions/appd.json';
const MANIFEST = 'app.mf';
const META = 'TOSCA-Metadata/TOSCA.meta';

/** What CreateAppPkg or a cloud's package record says of the archive; what is absent is not compared. */
export interface Expected {
  readonly checksum?: Checksum;
  readonly appDId?: string;
  readonly appSoftVersion?: string;
  readonly appDVersion?: string;
}

export interface ValidPackage {
  readonly descriptor: Descriptor;
  /** What the descriptor's only image names, where that is in the package: what a host of the sandbox can run. */
  readonly image: Buffer | undefined;
}

/** The same descriptor and files always give the same bytes, hence the same checksum. */
export function packArchive(descriptor: Descriptor, artifacts: Readonly<Record<string, Uint8Array>>): Buffer {
  const utf8 = new TextEncoder();
  const files: Record<string, Uint8Array> = {
    [META]: utf8.encode(
      [
        'TOSCA-Meta-File-Version: 1.0',
        'CSAR-Version: 1.1',
        `Created-By: ${descriptor.appProvider}`,
        `Entry-Definitions: ${DESCRIPTOR}`,
        `ETSI-Entry-Manifest: ${MANIFEST}`,
        '',
      ].join('\n'),
    ),
    [DESCRIPTOR]: utf8.encode(`${JSON.stringify(descriptor, null, 2)}\n`),
    ...artifacts,
  };
  const manifest = Object.entries(files).map(
    ([path, bytes]) => `Source: ${path}\nAlgorithm: SHA-256\nHash: ${sha256(bytes)}\n`,
  );
  const epoch = new Date(1980, 0, 1); // the ZIP format writes local time
  return Buffer.from(zipSync({ ...files, [MANIFEST]: utf8.encode(manifest.join('\n')) }, { mtime: epoch, level: 6 }));
}

/** Throws PackageInvalid. */
export async function validateArchive(archive: Buffer, expected: Expected): Promise<ValidPackage> {
  const { checksum } = expected;
  if (checksum !== undefined && digestOf(checksum, archive) !== checksum.hash.toLowerCase())
    throw new PackageInvalid('the checksum of the archive is another one');
  const valid = await contentOf(archive);
  for (const member of ['appDId', 'appSoftVersion', 'appDVersion'] as const) {
    const found = valid.descriptor[member];
    if (expected[member] !== undefined && found !== expected[member])
      throw new PackageInvalid(`${member} of the descriptor is ${found}, expected ${expected[member]}`);
  }
  return valid;
}

/** What was read once: whoever has on-boarded an archive starts many instances of it. */
const known = new WeakMap<Buffer, Promise<ValidPackage>>();

async function contentOf(archive: Buffer): Promise<ValidPackage> {
  const reading = known.get(archive) ?? readPackage(archive);
  known.set(archive, reading);
  return await reading;
}

async function readPackage(archive: Buffer): Promise<ValidPackage> {
  const { files, folder } = await readCsar(archive);
  const meta = toscaMeta(files);
  const manifest = manifestOf(files, meta.manifest);
  checkManifest(files, folder, ...manifest);
  const descriptor = await descriptorIn(files, meta.entry);
  files.delete(manifest[0]);
  const images = descriptor.swImageDescriptor.map(({ swImage }) => imageIn(files, swImage));
  return { descriptor, image: images.length === 1 ? images[0] : undefined };
}

/** In the package itself, else in the archive of descriptors that it holds. */
async function descriptorIn(files: ReadonlyMap<string, Buffer>, entry: string | undefined): Promise<Descriptor> {
  const found = descriptorOf(files, entry);
  if (found !== undefined) return found;
  const nested = await descriptorsArchive(files);
  const inside = nested && descriptorOf(nested.files, toscaMeta(nested.files).entry);
  if (inside == null) throw new PackageInvalid('no descriptor (AppD) in the package');
  return inside;
}

/** The one that the metadata name, else the only one beside them (NFV-SOL 004, 4.1.2). */
function manifestOf(files: ReadonlyMap<string, Buffer>, named: string | undefined): [name: string, bytes: Buffer] {
  const candidates = named === undefined ? [...files.keys()].filter((path) => /^[^/]+\.mf$/.test(path)) : [named];
  const [name = '*.mf'] = candidates;
  const bytes = files.get(name);
  if (bytes === undefined) throw new PackageInvalid(`the manifest ${name} is missing`);
  if (candidates.length > 1) throw new PackageInvalid(`more than one manifest: ${candidates.join(', ')}`);
  return [name, bytes];
}

/** Relative to the root of the package, or elsewhere: in a registry, behind a URL. */
function imageIn(files: ReadonlyMap<string, Buffer>, swImage: string): Buffer | undefined {
  const image = files.get(swImage.replace(/^\.?\//, ''));
  const elsewhere = /^\w+:\/\//.test(swImage) || /^[^/]*[.:][^/]*\//.test(swImage);
  if (image === undefined && !elsewhere) throw new PackageInvalid(`swImage names no file of the package: ${swImage}`);
  return image;
}
