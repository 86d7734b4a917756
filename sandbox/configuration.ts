import { type CertificateFiles, filesOf, TLS_PORT } from './certificates/files.ts';
import type { BuiltPackage } from './provider.ts';

/** What is chosen when a world is started. */
export interface Plan {
  readonly net: number;
  /** Identity of this world: another start is another world. */
  readonly world: string;
  /** How long resolvers there keep an answer at least, in seconds. */
  readonly clampSeconds: number;
  /** Of the application's name, in seconds. */
  readonly ttlSeconds: number;
  /** The inner listener of A's Ferry, where its own network reaches it. */
  readonly ferry?: string;
  /** Instances take orders only of whoever shows MANAGEMENT_TOKEN, which all of this have in their environment. */
  readonly managed?: boolean;
  /** Peers ask for a certificate (sandbox/certificates): the folder of these, and whether instances ask for one as well. */
  readonly certificates?: { readonly folder: string; readonly ofInstances: boolean };
  /** Members of Ferry's pace that are to be other than below. */
  readonly pace: Readonly<Record<string, number>>;
}

/** The configuration file of one operator's Ferry, but for what it agreed upon with others. */
export interface Unfederated {
  readonly peers: Readonly<Record<string, { readonly url: string; readonly [member: string]: unknown }>>;
  readonly systems: Readonly<Record<string, { readonly meo: string; readonly [member: string]: unknown }>>;
  readonly [member: string]: unknown;
}

const USERS = 9;

/** By ueIdentityTag: the addresses of the devices. */
export const users = (net: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: USERS }, (_, k) => [`ue-${k + 1}`, `127.${net}.100.${k + 1}`]));

/** Patience scaled down to a world in which everything takes milliseconds. */
export const pace = {
  attemptMs: 10_000,
  stepMs: 30_000,
  handOverMs: 8_000,
  operationMs: 30_000,
  heartbeatMs: 3_000,
  pollMs: 100,
  insistMs: 60_000,
  deadMs: 2_000,
  quietMs: 2_000,
  drainLimitMs: 60_000,
  retryMs: 250,
};

/** Everything is on this machine, where nobody else listens: plain HTTP does, unless certificates are asked for. */
export const peerOf =
  ({ net, certificates }: Plan, operator: string) =>
  (kind: string, host: string) =>
    certificates === undefined
      ? { kind, url: `http://127.${net}.${host}:8080`, insecure: true }
      : { kind, url: `https://127.${net}.${host}:${TLS_PORT}`, tls: filesOf(certificates.folder, operator) };

/** What instances of `application` ask of whoever manages them. */
export function managementOf({ managed, certificates }: Plan, application: string): object {
  const tls: CertificateFiles | false = certificates?.ofInstances === true && filesOf(certificates.folder, application);
  return { port: 7001, ...(managed === true && { token: { env: 'MANAGEMENT_TOKEN' } }), ...(tls && { tls }) };
}

export const packageUri = (net: number, { fileName }: BuiltPackage): string =>
  `http://127.${net}.1.9:8080/packages/${fileName}`;
