import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Descriptor, PackageInvalid, packArchive, sha256, validateArchive } from './packages.ts';

/** The provider of the sandbox's application: what its package says, and how it is built. */

export const DOMAIN_NAME = 'counter.edge.example';
const IMAGE = 'Artifacts/app.mjs';

/** What the rules of the descriptor are called, and how it spells the name. */
export interface RuleIds {
  readonly name: string;
  readonly all: string;
  readonly users: string;
  readonly domainName: string;
}
export const plainIds: RuleIds = { name: 'name', all: 'all', users: 'users', domainName: DOMAIN_NAME };
/** As people and their tools write them. */
export const realIds: RuleIds = {
  name: 'DNSRule001',
  all: 'TrafficRule001',
  users: 'TrafficRule002',
  domainName: 'Counter.Edge.Example.',
};

/** AppD of MEC 010-2. The addresses of rules are the instance's own: a platform fills them in. */
export function counterDescriptor(ttlSeconds: number, ids = plainIds): Descriptor {
  const rule = {
    filterType: 'FLOW',
    action: 'FORWARD_DECAPSULATED',
    dstInterface: { interfaceType: 'IP', dstIPAddress: '0.0.0.0' },
  };
  return {
    appDId: 'counter.edge.example-1',
    appName: 'counter',
    appProvider: 'Edge Example',
    appSoftVersion: '1.0.0',
    appDVersion: '1.0',
    mecVersion: '3.1.1',
    appDescription: 'Counts the numbered writes of each user, and moves between sites without losing one.',
    swImageDescriptor: [{ id: 'app', name: 'counter', version: '1.0.0', containerFormat: 'BARE', swImage: IMAGE }],
    appExtCpd: [{ inherited_attributes: {} }],
    virtualComputeDescriptor: {
      virtualComputeDescId: 'small',
      virtualCpu: { numVirtualCpu: 1 },
      virtualMemory: { virtualMemSize: 128 },
    },
    userContextTransferCapability: { statefulApplication: true, userContextTransferSupport: true },
    appServiceRequired: [{ serName: 'RNIS', version: '2.2.1' }],
    appDNSRule: [
      {
        dnsRuleId: ids.name,
        domainName: ids.domainName,
        ipAddressType: 'IP_V4',
        ipAddress: '0.0.0.0',
        ttl: ttlSeconds,
      },
    ],
    appTrafficRule: [
      { trafficRuleId: ids.all, priority: 10, trafficFilter: [{ dstAddress: [] }], ...rule },
      { trafficRuleId: ids.users, priority: 5, trafficFilter: [{ srcAddress: [], dstAddress: [] }], ...rule },
    ],
  };
}

export interface BuiltPackage {
  readonly descriptor: Descriptor;
  /** By which its clients find it. */
  readonly domainName: string;
  readonly archive: Buffer;
  /** Hexadecimal SHA-256. */
  readonly checksum: string;
  /** Named by its content: another content is another file. */
  readonly fileName: string;
  /** It keeps no contract: it moves its users' context itself. */
  readonly transfer?: 'mec021';
}

/** The application is packed; the same sources give the same bytes. */
export async function buildCounter(ttlSeconds: number, ids = plainIds): Promise<BuiltPackage> {
  const descriptor = counterDescriptor(ttlSeconds, ids);
  const archive = packArchive(descriptor, { [IMAGE]: await imageOf('application') });
  return built(descriptor, DOMAIN_NAME, archive);
}

/**
 * An application that moves its context itself (MEC 021), and knows nothing of the application contract. `lacking`: habits
 * that it does not have (sandbox/carrier/state.ts).
 */
export async function buildCarrier(ttlSeconds: number, lacking: readonly string[]): Promise<BuiltPackage> {
  const descriptor: Descriptor = {
    ...counterDescriptor(ttlSeconds),
    appDId: 'carrier.edge.example-1',
    appName: 'carrier',
    appDescription: 'Counts the numbered writes of each user, and carries them itself where its platform says so.',
    swImageDescriptor: [{ id: 'app', name: 'carrier', version: '1.0.0', containerFormat: 'BARE', swImage: IMAGE }],
  };
  const habits = Buffer.from(`process.env.HABITS ??= ${JSON.stringify(lacking.join(','))};\n`);
  const image = Buffer.concat([habits, await imageOf('carrier')]);
  return { ...built(descriptor, DOMAIN_NAME, packArchive(descriptor, { [IMAGE]: image })), transfer: 'mec021' };
}

/** One file: the build has made it, or it is made of the sources as they are. */
async function imageOf(folder: string): Promise<Uint8Array> {
  if (import.meta.url.endsWith('.js')) return await readFile(new URL(`${folder}/image.mjs`, import.meta.url));
  const { bundled } = await import('./bundling.ts'); // the bundler is a program of its own
  return await bundled(folder);
}

/** The package of somebody else's application. Throws PackageInvalid, or an Error that says why it cannot be read. */
export async function broughtPackage(file: string): Promise<BuiltPackage> {
  const archive = await readFile(file);
  const { descriptor, image } = await validateArchive(archive, {});
  if (image === undefined) throw new PackageInvalid('its image is not in the package: nothing here could run it');
  const [rule] = descriptor.appDNSRule ?? [];
  if (typeof rule?.['domainName'] !== 'string')
    throw new PackageInvalid('its descriptor has no appDNSRule: there is no name by which clients would find it');
  return built(descriptor, rule['domainName'].toLowerCase().replace(/\.$/, ''), archive);
}

function built(descriptor: Descriptor, domainName: string, archive: Buffer): BuiltPackage {
  const checksum = sha256(archive);
  return { descriptor, domainName, archive, checksum, fileName: `${descriptor.appName}-${checksum.slice(0, 12)}.zip` };
}

/** Writes it whole or not at all, and answers where. */
export async function keepPackage({ archive, fileName }: BuiltPackage, folder: string): Promise<string> {
  const file = path.resolve(folder, fileName);
  await mkdir(folder, { recursive: true });
  await writeFile(`${file}.${process.pid}`, archive);
  await rename(`${file}.${process.pid}`, file);
  return file;
}
