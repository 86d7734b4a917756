import { createHash } from 'node:crypto';
import { zipSync } from 'fflate';
import type { Description } from './description.ts';
import { START } from './files.ts';

/** The package (MEC 010-2, MEC 037, NFV-SOL 004): a CSAR with a manifest. The same description and files give the same bytes. */

const DESCRIPTOR = 'Definitions/appd.json';
const MANIFEST = 'app.mf';
const IMAGE = 'Artifacts/app.zip';
const META = 'TOSCA-Metadata/TOSCA.meta';
/** The ZIP format writes local time. */
const mtime = new Date(1980, 0, 1);

export interface Made {
  readonly archive: Buffer;
  /** SHA-256, hexadecimal. */
  readonly checksum: string;
  readonly descriptor: object;
}

export function archiveOf(description: Description, files: ReadonlyMap<string, Buffer>): Made {
  const { command, environment } = description.start;
  const start = Buffer.from(`${JSON.stringify({ command, environment: sorted(environment) }, null, 2)}\n`);
  const image = zipSync(sorted({ ...Object.fromEntries(files), [START]: start }), { mtime, level: 6 });
  const descriptor = descriptorOf(description);
  const meta = [
    'TOSCA-Meta-File-Version: 1.0',
    'CSAR-Version: 1.1',
    `Created-By: ${description.provider.replaceAll(/\s+/g, ' ')}`,
    `Entry-Definitions: ${DESCRIPTOR}`,
    `ETSI-Entry-Manifest: ${MANIFEST}`,
    '',
  ];
  const content = {
    [META]: Buffer.from(meta.join('\n')),
    [DESCRIPTOR]: Buffer.from(`${JSON.stringify(descriptor, null, 2)}\n`),
    [IMAGE]: image,
  };
  const manifest = Object.entries(content).map(
    ([path, bytes]) => `Source: ${path}\nAlgorithm: SHA-256\nHash: ${sha256(bytes)}\n`,
  );
  // The image is packed already
  const archive = Buffer.from(
    zipSync({ ...content, [MANIFEST]: Buffer.from(manifest.join('\n')) }, { mtime, level: 0 }),
  );
  return { archive, checksum: sha256(archive), descriptor };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const sorted = <T>(members: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(members).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** AppD. The addresses of rules are the instance's own: a platform fills them in. */
function descriptorOf({ start: _start, files: _files, ...told }: Description): object {
  const { name, id, provider, version, descriptorVersion, description, domainName, ttlSeconds, requires } = told;
  const ownAddress = '0.0.0.0';
  const rule = {
    filterType: 'FLOW',
    action: 'FORWARD_DECAPSULATED',
    dstInterface: { interfaceType: 'IP', dstIPAddress: ownAddress },
  };
  return {
    appDId: id,
    appName: name,
    appProvider: provider,
    appSoftVersion: version,
    appDVersion: descriptorVersion,
    mecVersion: '3.1.1',
    appDescription: description,
    swImageDescriptor: [{ id: 'app', name, version, containerFormat: 'BARE', swImage: IMAGE }],
    appExtCpd: [{ inherited_attributes: {} }],
    virtualComputeDescriptor: {
      virtualComputeDescId: 'small',
      virtualCpu: { numVirtualCpu: 1 },
      virtualMemory: { virtualMemSize: 128 },
    },
    userContextTransferCapability: { statefulApplication: true, userContextTransferSupport: true },
    appServiceRequired: requires.map((service) => ({ serName: service.name, version: service.version })),
    appDNSRule: [{ dnsRuleId: 'name', domainName, ipAddressType: 'IP_V4', ipAddress: ownAddress, ttl: ttlSeconds }],
    appTrafficRule: [
      { trafficRuleId: 'all', priority: 10, trafficFilter: [{ dstAddress: [] }], ...rule },
      { trafficRuleId: 'users', priority: 5, trafficFilter: [{ srcAddress: [], dstAddress: [] }], ...rule },
    ],
  };
}
