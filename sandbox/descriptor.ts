import { isScalar, parseDocument, visit } from 'yaml';
import { PackageInvalid } from './digest.ts';
import { textOf } from './tosca-meta.ts';

/** AppD of MEC 010-2, the members that the sandbox's peers read; the others stay as they are. */
export interface Descriptor {
  readonly appDId: string;
  readonly appName: string;
  readonly appProvider: string;
  readonly appSoftVersion: string;
  readonly appDVersion: string;
  readonly mecVersion: string | readonly string[];
  readonly appDescription: string;
  readonly swImageDescriptor: readonly { readonly swImage: string; readonly [member: string]: unknown }[];
  readonly appServiceRequired?: readonly { readonly serName: string; readonly version: string }[];
  readonly appTrafficRule?: readonly Record<string, unknown>[];
  readonly appDNSRule?: readonly Record<string, unknown>[];
  readonly [member: string]: unknown;
}

type Members = Readonly<Record<string, unknown>>;

const MANDATORY = ['appDId', 'appName', 'appProvider', 'appSoftVersion', 'appDVersion', 'appDescription'] as const;
/** Written `1.0` without quotes, they are texts all the same. */
const TEXTS = new Set<string>([...MANDATORY, 'mecVersion', 'version', 'dnsRuleId', 'trafficRuleId']);
const DOCUMENT = /\.(?:json|ya?ml)$/i;
const LARGEST = 1 << 20;

/**
 * The one descriptor of a package, in JSON or YAML: in the file that the metadata name, else in
 * whichever file holds it, alone or within a TOSCA template; undefined: there is none. Throws PackageInvalid.
 */
export function descriptorOf(files: ReadonlyMap<string, Buffer>, entry: string | undefined): Descriptor | undefined {
  const named = entry === undefined ? undefined : files.get(entry);
  if (entry !== undefined && named === undefined) throw new PackageInvalid(`${entry}, the entry, is missing`);
  // An entry may be an archive of descriptors
  const isText = entry !== undefined && named !== undefined && !/\.(?:csar|zip)$/i.test(entry);
  const inEntry = isText ? appDsIn(entry, named, true) : [];
  const others = [...files].flatMap(([path, bytes]) => (DOCUMENT.test(path) ? appDsIn(path, bytes, false) : []));
  const [appD, second] = inEntry.length > 0 ? inEntry : others;
  if (appD === undefined) return undefined;
  if (second !== undefined) throw new PackageInvalid('more than one descriptor (AppD) in the package');
  return checked(appD);
}

/**
 * Objects that are, or are meant to be, an AppD. `demanded`: a file that cannot be read is an
 * error.
 */
function appDsIn(path: string, bytes: Buffer, demanded: boolean): Members[] {
  try {
    if (bytes.length > LARGEST) throw new Error('it is too large');
    return within(parsed(textOf(bytes)));
  } catch (error) {
    if (!demanded) return [];
    throw new PackageInvalid(`${path} is neither JSON nor YAML: ${(error as Error).message}`, { cause: error });
  }
}

/** JSON is YAML. */
function parsed(text: string): unknown {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw error;
  visit(document, {
    Pair: (_, { key, value }) => {
      if (isScalar(key) && isScalar(value) && TEXTS.has(String(key.value)) && typeof value.value === 'number')
        value.value = value.source ?? String(value.value);
    },
  });
  return document.toJS({ maxAliasCount: 100 });
}

function within(value: unknown): Members[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('appDId' in value) return [{ ...value }];
  return Object.values(value).flatMap(within);
}

function checked(appD: Members): Descriptor {
  for (const member of MANDATORY)
    if (typeof appD[member] !== 'string' || appD[member] === '')
      throw new PackageInvalid(`${member} of the descriptor is missing`);
  const { mecVersion, swImageDescriptor: images } = appD;
  if ((typeof mecVersion !== 'string' && !Array.isArray(mecVersion)) || mecVersion.length === 0)
    throw new PackageInvalid('mecVersion of the descriptor is missing');
  if (!Array.isArray(images) || images.length === 0 || !images.every((one) => typeof one?.swImage === 'string'))
    throw new PackageInvalid('swImageDescriptor of the descriptor must hold an image');
  // MEC 010-2 v3.1.1, AppD: several only where they are containers
  if (images.length > 1 && appD['osContainerDescriptor'] === undefined)
    throw new PackageInvalid('swImageDescriptor of the descriptor must hold exactly one image');
  return appD as Descriptor;
}
