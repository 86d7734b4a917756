import { z } from 'zod';
import { strict } from './strict.ts';
import { Url } from './values.ts';

/** Where a secret is, never the secret itself: a configuration file is read by many. */
export const Secret = z.union(
  [
    strict({ env: z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'is no name of an environment variable') }),
    strict({ file: z.string().min(1) }),
  ],
  'is no secret by reference: {"env": "NAME"} or {"file": "/path"}',
);
export type Secret = z.infer<typeof Secret>;

/** PEM files. They are read for each connection, so that a renewed certificate is taken. */
export const Tls = strict({
  /** Whose certificates we trust in the case of whoever is asked so, in place of the public ones. */
  ca: z.string().min(1).optional(),
  /** Ours, with what leads to its CA, for a peer that asks for one (RFC 8446, 4.3.2), and its key. */
  certificate: z.string().min(1).optional(),
  key: z.string().min(1).optional(),
  /** The name in the peer's certificate, where that is not the host of its URL. */
  serverName: z.hostname().optional(),
}).refine(({ certificate, key }) => (certificate === undefined) === (key === undefined), {
  error: 'has a certificate without its key, or a key without its certificate: name both files, or neither',
});
export type Tls = z.infer<typeof Tls>;

/** Who we are at somebody's authorization server: client credentials (RFC 6749, 4.4). `tls`: of that server. */
const client = { issuer: Url, id: z.string().min(1), secret: Secret, tls: Tls.optional() };

/** At the one that a partner trusts; plain HTTP there is as the partner's own. */
export const PartnersClient = strict(client);

/** At the one that a peer trusts. */
export const Client = strict({
  ...client,
  /** By plain HTTP, although not on this machine: our secret is read by who stands on the way. */
  insecure: z.literal(true).optional(),
  /** None: those that the authorization server gives this client. */
  scopes: z.array(z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, 'is no scope (RFC 6749, 3.3)')).default([]),
});
export type Client = z.infer<typeof Client>;
