import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import type { ServerOptions } from 'node:https';

/** What whoever manages an instance shows, its other instances included; of what is absent, nothing is asked. */
export interface Proof {
  readonly token?: string | undefined;
  readonly certificate?: Certificate | undefined;
}

/** That of all instances of the application: each serves with it, and shows it to the others. */
export interface Certificate {
  readonly server: ServerOptions;
  readonly agent: Agent;
}

const SOCKETS = 128;

/** As instances are told by their environment. */
export const proofIn = ({
  MANAGEMENT_TOKEN: token,
  MANAGEMENT_CA: ca,
  MANAGEMENT_CERTIFICATE: certificate,
  MANAGEMENT_KEY: key,
}: NodeJS.ProcessEnv): Proof => ({
  token: token || undefined,
  certificate: ca && certificate && key ? certificateOf(ca, certificate, key) : undefined,
});

/** PEM files; as they are now. */
function certificateOf(ca: string, certificate: string, key: string): Certificate {
  const own = { ca: readFileSync(ca), cert: readFileSync(certificate), key: readFileSync(key) };
  const [, servername] = /DNS:([^,]+)/.exec(new X509Certificate(own.cert).subjectAltName ?? '') ?? [];
  return {
    server: { ...own, requestCert: true, rejectUnauthorized: true },
    agent: new Agent({ ...own, keepAlive: true, maxSockets: SOCKETS, ...(servername && { servername }) }),
  };
}

export const headersFor = ({ token }: Proof): { authorization?: string } =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

/** Of the management endpoint. */
export const schemeFor = ({ certificate }: Proof): string => (certificate === undefined ? 'http' : 'https');
