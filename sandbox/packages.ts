import { createHash } from 'node:crypto';
import { zipSync } from 'fflate';
import { readZip } from './zip.ts';

/**
 * Application packages: a CSAR-like ZIP with a manifest, as MEC 010-2 and NFV-SOL 004 mean it. Whoever on-boards one
 * validates it first; nothing of a package is used before that.
 */

const DESCRIPTOR = 'Definitions/appd.json';
const MANIFEST = 'app.mf';
const META = 'TOSCA-Metadata/TOSCA.meta';

/** AppD of MEC 010-2, the members that the sandbox's peers read; the others stay as they are. */
export interface Descriptor {
  readonly appDId: string;
  readonly appName: string;
  readonly appProvider: string;
  readonly appSoftVersion: string;
  readonly appDVersion: string;
  readonly mecVersion: string;
  readonly appDescription: string;
  readonly swImageDescriptor: readonly { readonly swImage: string; readonly [member: string]: unknown }[];
  readonly appServiceRequired?: readonly { readonly serName: string; readonly version: string }[];
  readonly appTrafficRule?: readonly Record<string, unknown>[];
  readonly appDNSRule?: readonly Record<string, unknown>[];
  readonly [member: string]: unknown;
}

/** What CreateAppPkg or a cloud's package record says of the archive; what is absent is not compared. */
export interface Expected {
  readonly checksum?: string;
  readonly appDId?: string;
  readonly appSoftVersion?: string;
  readonly appDVersion?: string;
}

export interface ValidPackage {
  readonly descriptor: Descriptor;
  /** Every file but those of the package's own administration, by its path. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** The one file that a host runs: what swImage names. */
  readonly image: Buffer;
}

/** Says in its message what is wrong with the archive. */
export class PackageInvalid extends Error {
  override readonly name = 'PackageInvalid';
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

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
export function validateArchive(archive: Buffer, expected: Expected): ValidPackage {
  if (expected.checksum !== undefined && sha256(archive) !== expected.checksum.toLowerCase())
    throw new PackageInvalid('the checksum of the archive is another one');
  const files = entriesOf(archive);
  const meta = keyLines(text(files, META));
  if (meta['ETSI-Entry-Manifest'] !== MANIFEST || meta['Entry-Definitions'] !== DESCRIPTOR)
    throw new PackageInvalid(`${META} must name ${MANIFEST} and ${DESCRIPTOR}`);
  checkManifest(files);
  const descriptor = readDescriptor(text(files, DESCRIPTOR));
  for (const member of ['appDId', 'appSoftVersion', 'appDVersion'] as const) {
    if (expected[member] !== undefined && descriptor[member] !== expected[member])
      throw new PackageInvalid(`${member} of the descriptor is ${descriptor[member]}, expected ${expected[member]}`);
  }
  const [swImage] = descriptor.swImageDescriptor;
  const image = swImage && files.get(swImage.swImage);
  if (image === undefined || swImage === undefined || !swImage.swImage.startsWith('Artifacts/'))
    throw new PackageInvalid('swImage names no file under Artifacts/');
  return { descriptor, files, image };
}

function entriesOf(archive: Buffer): Map<string, Buffer> {
  try {
    return readZip(archive);
  } catch (error) {
    throw new PackageInvalid((error as Error).message, { cause: error });
  }
}

function text(files: ReadonlyMap<string, Buffer>, path: string): string {
  const bytes = files.get(path);
  if (bytes === undefined) throw new PackageInvalid(`${path} is missing`);
  return bytes.toString('utf8');
}

function keyLines(block: string): Record<string, string> {
  const lines = block.split(/\r?\n/).filter((line) => line.trim() !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const [key = '', ...value] = line.split(':');
      return [key.trim(), value.join(':').trim()];
    }),
  );
}

/** Every file but the manifest has its block, every block its file, and every hash is right. */
function checkManifest(files: ReadonlyMap<string, Buffer>): void {
  const blocks = text(files, MANIFEST)
    .split(/\r?\n\s*\r?\n/)
    .filter((block) => block.trim() !== '')
    .map(keyLines);
  const listed = new Map(blocks.map((block) => [block['Source'], block]));
  if (listed.size !== blocks.length) throw new PackageInvalid(`${MANIFEST} lists a file twice`);
  for (const path of listed.keys()) {
    if (path === undefined || !files.has(path)) throw new PackageInvalid(`${MANIFEST} lists ${path}, which is missing`);
  }
  for (const [path, bytes] of files) {
    if (path === MANIFEST) continue;
    const block = listed.get(path);
    if (block === undefined) throw new PackageInvalid(`${path} is not in ${MANIFEST}`);
    if (block['Algorithm'] !== 'SHA-256' || block['Hash']?.toLowerCase() !== sha256(bytes))
      throw new PackageInvalid(`${path} does not have the hash that ${MANIFEST} gives`);
  }
}

const MANDATORY = ['appDId', 'appName', 'appProvider', 'appSoftVersion', 'appDVersion', 'mecVersion', 'appDescription'];

function readDescriptor(json: string): Descriptor {
  let appD: unknown;
  try {
    appD = JSON.parse(json);
  } catch (error) {
    throw new PackageInvalid(`${DESCRIPTOR} is no JSON`, { cause: error });
  }
  if (typeof appD !== 'object' || appD === null) throw new PackageInvalid(`${DESCRIPTOR} is no object`);
  const members = appD as Record<string, unknown>;
  for (const member of MANDATORY) {
    if (typeof members[member] !== 'string' || members[member] === '')
      throw new PackageInvalid(`${member} of the descriptor is missing`);
  }
  const images = members['swImageDescriptor'];
  if (!Array.isArray(images) || images.length !== 1 || typeof images[0]?.swImage !== 'string')
    throw new PackageInvalid('swImageDescriptor of the descriptor must hold exactly one image');
  return appD as Descriptor;
}
