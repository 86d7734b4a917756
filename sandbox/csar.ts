import { PackageInvalid } from './digest.ts';
import { readZip } from './zip.ts';

/**
 * What a package holds, however its vendor has wrapped it: signed as a whole (NFV-SOL 004, 5.1, option 2), below a folder of
 * its own name, with what a Mac leaves behind, or with its descriptor in an archive of its own.
 */

const META = /^TOSCA-Metadata\/TOSCA\.meta$/i;
const MANIFEST = /^[^/]+\.mf$/i;
const ARCHIVE = /\.(?:csar|zip)$/i;
/** Beside the archive that they sign. */
const SIGNATURE = /\.(?:cms|p7s|sig)$/i;
const CERTIFICATE = /\.(?:cert|cer|crt|pem)$/i;
/** Folders of resource forks, and files in which a Finder remembers a view. */
const LEFT_BY_A_MAC = /^__MACOSX\/|(?:^|\/)(?:\._[^/]*|\.DS_Store)$/;
/** Where a vendor keeps the descriptor as an archive of its own. */
const DESCRIPTORS = /^(?:APPD|Definitions?)\/[^/]+\.(?:csar|zip)$/i;

export interface Csar {
  /** By their paths below the root of the package. */
  readonly files: Map<string, Buffer>;
  /** The folder in which its root was; a manifest may name it in its paths. Empty: the archive's own root. */
  readonly folder: string;
}

/** Throws PackageInvalid. */
export async function readCsar(archive: Buffer): Promise<Csar> {
  const outer = await filesOf(archive);
  const signed = signedIn(outer);
  return rooted(signed === undefined ? outer : await filesOf(signed));
}

/** The files of the one archive that holds the descriptor; null: there is none. Throws PackageInvalid. */
export async function descriptorsArchive(files: ReadonlyMap<string, Buffer>): Promise<Csar | null> {
  const nested = [...files].filter(([path]) => DESCRIPTORS.test(path));
  const [only, ...more] = nested;
  if (only === undefined) return null;
  if (more.length > 0)
    throw new PackageInvalid(`more than one archive of descriptors: ${nested.map(([path]) => path).join(', ')}`);
  return rooted(await filesOf(only[1], `${only[0]}: `));
}

/** A signature needs who judges it: nobody here knows whom to trust, so it is passed over, and not verified. */
function signedIn(files: ReadonlyMap<string, Buffer>): Buffer | undefined {
  const paths = [...files.keys()];
  const archives = paths.filter((path) => ARCHIVE.test(path));
  const beside = paths.filter((path) => !ARCHIVE.test(path));
  const [inner] = archives;
  if (inner === undefined || !beside.every((path) => SIGNATURE.test(path) || CERTIFICATE.test(path))) return undefined;
  if (archives.length > 1) throw new PackageInvalid(`more than one archive in the package: ${archives.join(', ')}`);
  if (!beside.some((path) => SIGNATURE.test(path)))
    throw new PackageInvalid(`the package holds ${inner} alone, without the signature for which it would be wrapped`);
  return files.get(inner);
}

function rooted(files: Map<string, Buffer>): Csar {
  const paths = [...files.keys()];
  const [folder = ''] = paths[0]?.split('/', 1) ?? [];
  const below = `${folder}/`;
  if (paths.some(isRoot) || !paths.every((path) => path.startsWith(below))) return { files, folder: '' };
  const inside = new Map([...files].map(([path, bytes]) => [path.slice(below.length), bytes]));
  return [...inside.keys()].some(isRoot) ? { files: inside, folder: below } : { files, folder: '' };
}

const isRoot = (path: string): boolean => META.test(path) || MANIFEST.test(path);

async function filesOf(archive: Buffer, where = ''): Promise<Map<string, Buffer>> {
  try {
    const files = await readZip(archive);
    for (const path of files.keys()) if (LEFT_BY_A_MAC.test(path)) files.delete(path);
    return files;
  } catch (error) {
    throw new PackageInvalid(`${where}${(error as Error).message}`, { cause: error });
  }
}
