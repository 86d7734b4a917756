import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { isAddress, mistakeInRange } from './addresses.ts';
import { contradictions, type Readable } from './contradictions.ts';
import { Client, Secret, Tls } from './credentials.ts';
import { Federation } from './federation.ts';
import { plainAddress } from '../domain/endpoint.ts';
import { Name } from '../domain/name.ts';
import { ONCE, strict } from './strict.ts';
import { named, Url } from './values.ts';

/** One configuration file holds what the federator knows of its peers, until a catalogue does. Names are the keys. */
const Millis = z.int().positive();
const Count = z.int().positive();
const Seconds = z.int().nonnegative();
const Port = z.int().min(1).max(65_535);
const Cidr = z.string().superRefine((text, context) => {
  const message = mistakeInRange(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});
const Address = z.string().refine(isAddress, 'is no address such as 10.50.0.7').transform(plainAddress);

/** Every peer: where its API is, whether that may be plain HTTP, how patient we are with one call, and who we are to it. */
const peer = {
  url: Url,
  insecure: z.literal(true).optional(),
  timeoutMs: Millis.default(4_000),
  client: Client.optional(),
  tls: Tls.optional(),
};

export const Peer = z.discriminatedUnion('kind', [
  /** MEC 010-2: packages and life cycle. */
  strict({
    kind: z.literal('meo'),
    ...peer,
    packages: strict({
      collection: z.enum(['app_packages', 'onboarded_app_packages']).default('app_packages'),
      content: z.enum(['put', 'fetch']).default('put'),
    }).default({ collection: 'app_packages', content: 'put' }),
    /** Where it speaks our extension of Mfm-fed; absent: what its system has is looked at, and it is told nothing. */
    mfm: Url.optional(),
  }),
  /** MEC 011, and the services behind it: MEC 012, MEC 021. */
  strict({ kind: z.literal('platform'), ...peer }),
  /** TMF 641. */
  strict({ kind: z.literal('oss'), ...peer }),
  /** MEC 016. */
  strict({ kind: z.literal('lcmProxy'), ...peer }),
  /** MEC 013: where devices are. */
  strict({ kind: z.literal('location'), ...peer }),
  /** The cloud manager of docs/operations.md. */
  strict({ kind: z.literal('cloud'), ...peer }),
  /** Resolves and asks as a device of its access network. */
  strict({ kind: z.literal('vantage'), ...peer }),
]);
export type Peer = z.infer<typeof Peer>;

export const Network = strict({
  vantage: z.string().optional(),
  resolverClampSeconds: Seconds.default(30),
  /** Which devices are in it is told by this service: those in these zones of it. */
  location: strict({ service: z.string(), zones: z.array(z.string().min(1)).min(1) }).optional(),
});

export const System = strict({
  meo: z.string(),
  network: z.string(),
  lcmProxy: z.string().optional(),
  /** Who its MEO is at our authorization server: it registers the system (MEC 040). Without one we know it as it stands here. */
  client: z.string().min(1).optional(),
});

/** Where a site is, as partners are told it: a zone of E/WBI. Sites of one system may be in one zone. */
export const Zone = strict({
  id: Name,
  lat: z.number().min(-90).max(90),
  lon: z.number().min(-180).max(180),
  /** Where it is, in words for people. */
  details: z.string().max(200).default(''),
  /** From its users to its hosts, as declared. */
  latencyMs: z.number().positive().optional(),
});

export const SiteRecord = z.discriminatedUnion('kind', [
  strict({
    kind: z.literal('mecHost'),
    system: z.string(),
    /** The host's id at its MEO (selectedMECHostInfo). */
    host: z.string(),
    platform: z.string(),
    /** Where instances on this host have their addresses: an endpoint elsewhere means the wrong host. */
    addresses: Cidr,
    country: z
      .string()
      .regex(/^[A-Z]{2}$/, 'is no country such as DE (ISO 3166-1)')
      .optional(),
    zone: Zone.optional(),
    /** The application instance in whose name services of partners are offered on its platform (MEC 011). */
    exposeAs: z.string().min(1).default('ferry-gateway'),
  }),
  strict({
    kind: z.literal('cloud'),
    manager: z.string(),
    oss: z.string(),
    /** The platform from which instances in this cloud go on consuming MEC services (GR MEC 035, 5.3.1). */
    services: z.string(),
    addresses: Cidr,
  }),
]);

export const ApplicationRecord = strict({
  provider: z.string(),
  appDId: z.string(),
  softVersion: z.string(),
  descriptorVersion: z.string(),
  checksum: z.string().regex(/^[0-9a-f]{64}$/),
  archive: strict({ path: z.string(), uri: z.url() }),
  domainName: z.hostname(),
  /** Ids of the rules in its descriptor, for platforms that list only those that are active. */
  ruleIds: z.array(z.string()).default([]),
  port: Port,
  requires: z.array(z.string()).default([]),
  /** Of the application contract. `token`: what an instance takes from us; `tls`: it is asked by HTTPS. */
  management: strict({ port: Port, token: Secret.optional(), tls: Tls.optional() }).optional(),
  /**
   * Its provider's word that it moves its users' context itself (MEC 021): it accepts nothing of a user from its last delta
   * on, accepts again on FAILED, and reports COMPLETED only when the target has everything.
   */
  transfer: z.literal('mec021').optional(),
  stateful: z.boolean().default(true),
});

/** How patient the procedures are. The defaults are for production; a sandbox scales them down. */
export const Pace = strict({
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
  /** Between two looks at something that takes its time; of a long wait a twentieth of it, up to twenty times as much. */
  pollMs: Millis.default(500),
  /** All attempts of an undo, or of a step after the hand-over; then it is reported or parked. */
  insistMs: Millis.default(3_600_000),
  /** No client at the source for this long means quiet. */
  quietMs: Millis.default(10_000),
  /** Then, if clients still come: parked as a relay. */
  drainLimitMs: Millis.default(1_800_000),
  /** First pause between two attempts. */
  retryMs: Millis.default(1_000),
  /** So long a source is asked in vain before it may be taken to be dead. */
  deadMs: Millis.default(10_000),
});
export type Pace = z.infer<typeof Pace>;

/** How much one worker takes on at a time. */
export const Worker = strict({
  slots: strict({
    /** Steps: each asks peers and is soon done. */
    steps: Count.default(100),
    /** Waits for a peer's long operation, or for clients to leave: they cost a poll now and then. */
    waits: Count.default(2_000),
  }).default({ steps: 100, waits: 2_000 }),
  /** Relocations that are kept in memory; the others are read again from Temporal when something happens to them. */
  maxCachedWorkflows: z.int().nonnegative().default(500),
});
export type Worker = z.infer<typeof Worker>;

const shape = strict({
  /** Identity of a sandbox's world: runs of an earlier world are ended. Absent with real peers. */
  world: z.string().optional(),
  peers: named(Peer),
  networks: named(Network),
  systems: named(System),
  sites: named(SiteRecord),
  applications: named(ApplicationRecord),
  /** By ueIdentityTag (MEC 014): the device's address in the access networks. */
  users: named(strict({ address: Address })).prefault({}),
  pace: Pace.default(Pace.parse({}, ONCE)),
  worker: Worker.default(Worker.parse({}, ONCE)),
  /** Where services of our own network reach this Ferry's API, to tell what it asked to be told. */
  callback: Url.optional(),
  /** Absent: this Ferry moves applications and federates with nobody. */
  federation: Federation.optional(),
});

export const Configuration = shape.superRefine((configuration, context) => {
  for (const { path, message } of contradictions(configuration))
    context.addIssue({ code: 'custom', path: [...path], message });
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
  const { data, error } = shape.safeParse(json, ONCE);
  // The records that can be read contradict one another whatever is wrong with the others.
  const issues = [...(error?.issues ?? []), ...contradictions(readable(json))];
  if (data !== undefined && issues.length === 0) return data;
  throw new Error(`${file}:\n${z.prettifyError({ issues })}`);
}

/** Each record that can be read; undefined: it is there. */
function readable(json: unknown): Readable {
  const all = z.record(z.string(), z.unknown()).catch({}).parse(json, ONCE);
  const those = <Record extends z.ZodType>(member: string, record: Record) =>
    Object.fromEntries(
      Object.entries(z.record(z.string(), z.unknown()).catch({}).parse(all[member], ONCE)).map(([name, one]) => [
        name,
        record.safeParse(one, ONCE).data,
      ]),
    );
  return {
    peers: those('peers', Peer),
    networks: those('networks', Network),
    systems: those('systems', System),
    sites: those('sites', SiteRecord),
    applications: those('applications', ApplicationRecord),
    federation: Federation.safeParse(all['federation'], ONCE).data,
  };
}
