import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** One configuration file holds what the federator knows of its peers, until a catalogue does. Names are the keys. */
const Url = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''));
const Millis = z.int().positive();
const Seconds = z.int().nonnegative();
const Cidr = z.string().regex(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/, 'an address range such as 10.2.0.0/16');

/** Every peer: where its API is, and how patient we are with one call. */
const peer = { url: Url, timeoutMs: Millis.default(4_000) };

export const Peer = z.discriminatedUnion('kind', [
  /** MEC 010-2: packages and life cycle. */
  z.strictObject({
    kind: z.literal('meo'),
    ...peer,
    packages: z
      .strictObject({
        collection: z.enum(['app_packages', 'onboarded_app_packages']).default('app_packages'),
        content: z.enum(['put', 'fetch']).default('put'),
      })
      .default({ collection: 'app_packages', content: 'put' }),
  }),
  /** MEC 011, and the services behind it: MEC 012, MEC 021. */
  z.strictObject({ kind: z.literal('platform'), ...peer }),
  /** TMF 641. */
  z.strictObject({ kind: z.literal('oss'), ...peer }),
  /** MEC 016. */
  z.strictObject({ kind: z.literal('lcmProxy'), ...peer }),
  /** The cloud manager of docs/operations.md. */
  z.strictObject({ kind: z.literal('cloud'), ...peer }),
  /** Resolves and asks as a device of its access network. */
  z.strictObject({ kind: z.literal('vantage'), ...peer }),
]);
export type Peer = z.infer<typeof Peer>;
export type PeerKind = Peer['kind'];

const Network = z.strictObject({ vantage: z.string().optional(), resolverClampSeconds: Seconds.default(30) });

const System = z.strictObject({ meo: z.string(), network: z.string(), lcmProxy: z.string().optional() });

const SiteRecord = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('mecHost'),
    system: z.string(),
    /** The host's id at its MEO (selectedMECHostInfo). */
    host: z.string(),
    platform: z.string(),
    /** Where instances on this host have their addresses: an endpoint elsewhere means the wrong host. */
    addresses: Cidr,
    country: z.string().length(2).optional(),
  }),
  z.strictObject({
    kind: z.literal('cloud'),
    manager: z.string(),
    oss: z.string(),
    /** The platform from which instances in this cloud go on consuming MEC services (GR MEC 035, 5.3.1). */
    services: z.string(),
    addresses: Cidr,
  }),
]);

const ApplicationRecord = z.strictObject({
  provider: z.string(),
  appDId: z.string(),
  softVersion: z.string(),
  descriptorVersion: z.string(),
  checksum: z.string().regex(/^[0-9a-f]{64}$/),
  archive: z.strictObject({ path: z.string(), uri: z.url() }),
  domainName: z.hostname(),
  /** Ids of the rules in its descriptor, for platforms that list only those that are active. */
  ruleIds: z.array(z.string()).default([]),
  port: z.int().min(1).max(65_535),
  requires: z.array(z.string()).default([]),
  management: z.strictObject({ port: z.int().min(1).max(65_535) }).optional(),
  stateful: z.boolean().default(true),
});

/** How patient the procedures are. The defaults are for production; a sandbox scales them down. */
export const Pace = z.strictObject({
  /** How late what was asked may still take effect: a target hears of a decision, a peer carries out what we gave up. */
  attemptMs: Millis.default(30_000),
  /** All attempts of a step before the hand-over; then it is rolled back. */
  stepMs: Millis.default(120_000),
  /**
   * All attempts of the hand-over; then the source is asked what became of it. Short: the path leads to the target by
   * then, and if that has died nobody answers there.
   */
  handOverMs: Millis.default(15_000),
  /** All attempts of a step that waits for a peer's long operation. */
  operationMs: Millis.default(900_000),
  /** A step that waits is taken to be dead without a sign of life for this long. */
  heartbeatMs: Millis.default(5_000),
  /** Between two looks at something that takes its time. */
  pollMs: Millis.default(500),
  /** All attempts of an undo, or of a step after the hand-over; then it is reported or parked. */
  insistMs: Millis.default(3_600_000),
  /** No client at the source for this long means quiet. */
  quietMs: Millis.default(10_000),
  /** Then, if clients still come: parked as a relay. */
  drainLimitMs: Millis.default(1_800_000),
  /** First pause between two attempts. */
  retryMs: Millis.default(1_000),
});
export type Pace = z.infer<typeof Pace>;

const shape = z.strictObject({
  /** Identity of a sandbox's world: runs of an earlier world are ended. Absent with real peers. */
  world: z.string().optional(),
  peers: z.record(z.string(), Peer),
  networks: z.record(z.string(), Network),
  systems: z.record(z.string(), System),
  sites: z.record(z.string(), SiteRecord),
  applications: z.record(z.string(), ApplicationRecord),
  /** By ueIdentityTag (MEC 014): the device's address in the access networks. */
  users: z.record(z.string(), z.strictObject({ address: z.string() })).default({}),
  pace: Pace.default(Pace.parse({})),
});

/** Every name that is mentioned must be there, and be of the right kind. */
export const Configuration = shape.superRefine((configuration, context) => {
  const need = (kind: PeerKind, name: string | undefined, ...path: string[]): void => {
    if (name !== undefined && configuration.peers[name]?.kind !== kind)
      context.addIssue({ code: 'custom', path, message: `names no peer of kind ${kind}: ${name}` });
  };
  for (const [name, network] of Object.entries(configuration.networks))
    need('vantage', network.vantage, 'networks', name, 'vantage');
  for (const [name, system] of Object.entries(configuration.systems)) {
    need('meo', system.meo, 'systems', name, 'meo');
    need('lcmProxy', system.lcmProxy, 'systems', name, 'lcmProxy');
    if (configuration.networks[system.network] === undefined)
      context.addIssue({
        code: 'custom',
        path: ['systems', name, 'network'],
        message: `no such network: ${system.network}`,
      });
  }
  for (const [name, site] of Object.entries(configuration.sites)) {
    if (site.kind === 'mecHost') {
      need('platform', site.platform, 'sites', name, 'platform');
      if (configuration.systems[site.system] === undefined)
        context.addIssue({
          code: 'custom',
          path: ['sites', name, 'system'],
          message: `no such system: ${site.system}`,
        });
    } else {
      need('cloud', site.manager, 'sites', name, 'manager');
      need('oss', site.oss, 'sites', name, 'oss');
      need('platform', site.services, 'sites', name, 'services');
    }
  }
});
export type Configuration = z.infer<typeof Configuration>;

/** Reads it once, at the entry. Throws an Error whose message lists every mistake. */
export function readConfiguration(file: string): Configuration {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new Error(`cannot read the configuration file ${file}`);
  }
  return parseConfiguration(text, file);
}

export function parseConfiguration(text: string, file = 'configuration'): Configuration {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is no JSON: ${(error as Error).message}`, { cause: error });
  }
  const parsed = Configuration.safeParse(json);
  if (!parsed.success) throw new Error(`${file}:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
