import { z } from 'zod';
import { OperatorId } from '../domain/federation.ts';
import { Name } from '../domain/name.ts';
import { PartnersClient, Secret, Tls } from './credentials.ts';
import { ONCE, strict } from './strict.ts';
import { named, Url } from './values.ts';

const Seconds = z.int().positive();
const Millis = z.int().positive();
const Count = z.int().positive();

/** An authorization server whose tokens we take (RFC 8414): the one of this operator. */
const Issuer = strict({
  issuer: Url,
  /** By plain HTTP, although not on this machine: who stands on the way could put keys of his own in place of ours. */
  insecure: z.literal(true).optional(),
  audience: z.string().min(1),
  algorithms: z
    .array(z.enum(['ES256', 'EdDSA', 'PS256', 'RS256']))
    .min(1)
    .default(['ES256']),
  tls: Tls.optional(),
});

/** As a URL has it, with or without a port. */
const Host = z
  .string()
  .toLowerCase()
  .refine(
    (text) => /^[^\s/?#@\\]+$/.test(text) && URL.canParse(`https://${text}/`),
    'is no host such as gw.b.example or gw.b.example:8443',
  );

/** Another operator's federator: what both have agreed upon out of band. */
export const Partner = strict({
  operator: OperatorId,
  url: Url,
  insecure: z.literal(true).optional(),
  timeoutMs: Millis.default(4_000),
  /** Of whatever is asked there: its outer listener, its gateway, the links that it gives. */
  tls: Tls.optional(),
  /** Whatever URL the partner ever gives us leads to one of these; by default to the host of `url`. */
  hosts: z.array(Host).min(1).optional(),
  /** `ferry`: Katalis' spelling of E/WBI, and our extension. */
  dialect: z.enum(['ferry', 'katalis', 'openop']).default('ferry'),
  /** Who we are at the partner's authorization server. */
  client: PartnersClient,
  /** Who the partner is at ours. `tell`: sent as partnerCallbackCredentials, where a partner insists on it. */
  accepts: strict({ issuer: Name, client: z.string().min(1), tell: Secret.optional() }),
  /** `onMiss`: once something is looked for that nobody known has. */
  join: z.enum(['always', 'onMiss', 'never']).default('always'),
  /** Among equals the higher one is chosen. */
  preference: z.int().default(0),
  perSecond: Count.default(20),
  atOnce: Count.default(64),
  /** A partner that is asked what it has of us is read so far, and no further. */
  bindings: Count.max(10_000).default(1_000),
});
export type Partner = z.infer<typeof Partner>;

/** What of ours whom is shown; `*`: all. What no entry shows is hidden, and hidden is like absent. */
const Share = strict({
  of: z.union([z.literal('*'), Name]),
  with: z.union([z.literal('*'), Name]),
  services: z.array(z.string()).default([]),
  applications: z.array(z.string()).default([]),
  zones: z.array(z.string()).default([]),
  devices: z.boolean().default(false),
});

const FederationPace = strict({
  /** Between two rounds of tending a partner. */
  aliveSeconds: Seconds.default(60),
  /** A partner that was silent for so long is not used. */
  lostAfterSeconds: Seconds.default(300),
  /** So long what was learned holds, at most. */
  validSeconds: Seconds.default(60),
  /** So long nobody is asked again for what was not found. */
  missSeconds: Seconds.default(10),
  /** One question to one partner. */
  askMs: Millis.default(5_000),
  /** So many partners are asked at once. */
  fanOut: Count.default(8),
  hops: z.int().min(0).max(4).default(2),
  /** A binding that nobody uses is released. */
  idleSeconds: Seconds.default(3_600),
  /** An agreement with a partner that stays silent ends. */
  forgetDays: Count.default(30),
});

export const Federation = strict({
  operator: strict({
    id: OperatorId,
    name: z.string().min(1),
    country: z.string().regex(/^[A-Z]{2}$/, 'is no country such as DE (ISO 3166-1)'),
    mcc: z.string().regex(/^\d{3}$/, 'is no mobile country code such as 262'),
    mncs: z.array(z.string().regex(/^\d{2,3}$/, 'is no mobile network code such as 01')).min(1),
  }),
  role: z.enum(['manager', 'broker']).default('manager'),
  /** The outer listener, as partners reach it. */
  url: Url,
  /** As applications, and partners' gateways, reach it; absent: no service is consumed across operators. */
  gateway: strict({ inner: Url, outer: Url }).optional(),
  issuers: named(Issuer),
  partners: named(Partner).prefault({}),
  shares: z.array(Share).default([]),
  pace: FederationPace.default(FederationPace.parse({}, ONCE)),
});
export type Federation = z.infer<typeof Federation>;
