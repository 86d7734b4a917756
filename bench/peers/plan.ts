/** Where the peers of the benchmark are. All of them are one process, which listens on one port of every loopback address. */
export const MEO = '127.60.0.1';
export const LCM_PROXY = '127.60.0.2';
export const VANTAGE = '127.60.0.3';
/** Hosts come in pairs: applications move within one. */
export const SIDES = ['left', 'right'] as const;
export type Side = (typeof SIDES)[number];

const bytes = (n: number): string => `${n >> 8}.${n & 255}`;

export const platformAt = (side: Side, pair: number): string => `127.${side === 'left' ? 61 : 62}.${bytes(pair)}`;
/** Instances of one pair of hosts are in one /16. */
export const rangeOf = (side: Side, pair: number): string => `127.${(side === 'left' ? 64 : 128) + pair}.0.0/16`;
export const instanceAt = (side: Side, pair: number, n: number): string =>
  `127.${(side === 'left' ? 64 : 128) + pair}.${bytes(n)}`;

export const siteOf = (side: Side, pair: number): string => `${side}-${pair}`;
export const applicationOf = (n: number): string => `app-${n}`;
export const domainOf = (n: number): string => `app-${n}.bench.test`;
/** More pairs there are not: each has two networks. */
export const PAIRS_AT_MOST = 60;

/** What the applications serve on; nobody asks there but through the vantage point. */
export const SERVICE_PORT = 7000;
export const CHECKSUM = 'c'.repeat(64);

/** One call as the peers heard it; milliseconds of their own clock. */
export interface Call {
  readonly n: number;
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly from: number;
  readonly to: number;
}

/** How the peers behave from now on. */
export interface Behaviour {
  /** Each answer takes so long. */
  readonly latencyMs: number;
  /** Life cycle operations take so long … */
  readonly operationMs: number;
  /** … or end when they are looked at for the n-th time; 0: by time. */
  readonly polls: number;
  /** Instantiations stay PROCESSING until they are released. */
  readonly gate: boolean;
  /** The next so many calls that change something answer 503. */
  readonly failing: number;
  /** Of every so many applications the first one can be started nowhere; 0: all can. */
  readonly oneIn: number;
}

/** Where applications are served. */
export interface Standing {
  /** By host. */
  readonly serving: Readonly<Record<string, number>>;
  /** Applications that nobody serves, or two instances. */
  readonly lost: number;
  readonly instances: number;
}

/** A world anew: so many applications, each with an instance on the left that serves. */
export interface WorldPlan {
  readonly applications: number;
  /** All on this pair of hosts; absent: on all of them in turn. */
  readonly pair?: number;
  readonly subscriptions: number;
  /** So many subscriptions of strangers at either host of their pairs; absent: as they are. */
  readonly foreign?: number;
}
