import { z } from 'zod';
import { isAddress, isLoopback, mistakeInRange } from './addresses.ts';
import { ONCE } from './strict.ts';

/** As in a Host (RFC 9110, 7.2): a name, an IPv4 address, or an IPv6 address in brackets; the port where it is not the default. */
const HOST = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?$/;

const isProxy = (text: string): boolean => isAddress(text) || mistakeInRange(text) === undefined;

const Port = z
  .string()
  .regex(/^\d{1,5}$/, 'is no port')
  .transform(Number)
  .pipe(z.int().max(65_535, 'is no port'));

/**
 * The environment of the API and of the worker. Where Temporal is, temporal/connection.ts reads from its own variables
 * (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, …).
 */
const Variables = z.object({
  /** Path of the configuration file. */
  FERRY_CONFIG: z.string('is missing: the path of the configuration file'),
  FERRY_HOST: z.string().default('127.0.0.1'),
  FERRY_PORT: Port.default(8700),
  /** Serve others than this machine, although nobody has to say who he is. */
  FERRY_UNPROTECTED: z.stringbool('is neither true nor false').default(false),
  /** Names under which the API may be asked besides its own address: those of a proxy in front of it. */
  FERRY_HOSTS: z
    .string()
    .transform((text) => text.split(',').map((host) => host.trim().toLowerCase()))
    .pipe(z.array(z.string().regex(HOST, 'is no list such as ferry.example,ferry.internal:8443')))
    .default([]),
  /** Of the outer listener, for partners; where there is a federation. */
  FERRY_OUTER_HOST: z.string().default('127.0.0.1'),
  FERRY_OUTER_PORT: Port.default(8701),
  /** Let others than this machine reach it although it speaks plain HTTP: whoever listens could use a partner's token. */
  FERRY_OUTER_INSECURE: z.stringbool('is neither true nor false').default(false),
  /** What speaks TLS in front of the outer listeners: its addresses or ranges. It tells who asks; without, all are one. */
  FERRY_OUTER_PROXIES: z
    .string()
    .transform((text) => text.split(',').map((proxy) => proxy.trim()))
    .pipe(z.array(z.string().refine(isProxy, 'is no list of addresses such as 10.0.0.7,10.1.0.0/16')))
    .default([]),
  /** Of the gateway: where applications of own platforms reach it, and where partners' gateways do. */
  FERRY_GATEWAY_HOST: z.string().default('127.0.0.1'),
  FERRY_GATEWAY_PORT: Port.default(8702),
  FERRY_GATEWAY_OUTER_HOST: z.string().default('127.0.0.1'),
  FERRY_GATEWAY_OUTER_PORT: Port.default(8703),
  /** The catalogue: PostgreSQL 15 or later; where there is a federation. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'is no URL such as postgres://host/ferry' }).optional(),
  /** Of a worker, on FERRY_HOST and under the same rules; unset: it shows no metrics. The API shows its own on its port. */
  FERRY_METRICS_PORT: Port.optional(),
  FERRY_TASK_QUEUE: z.string().default('ferry'),
  /** Which version of the deployment a worker is; by default the release and a digest of its workflows. */
  FERRY_BUILD_ID: z
    .string()
    .regex(/^[\w.-]{1,100}$/, 'is no build id: up to 100 letters, digits, dots, dashes')
    .optional(),
  /** The workflows as one script, where another process has made it already. */
  FERRY_WORKFLOW_BUNDLE: z.string().optional(),
  /** A worker makes its version current: new runs go to it. The first one of a deployment does so in any case. */
  FERRY_PROMOTE: z.stringbool('is neither true nor false').default(false),
  FERRY_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Address of the Temporal UI, for links to it. */
  FERRY_TEMPORAL_UI: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
});

/** Of FERRY_SECRET, which is read apart: the API needs none. */
const SECRET_LENGTH = 32;

const UNCOVERED =
  "is reached from other machines by plain HTTP, and whoever listens there could use a partner's token: bind it to 127.0.0.1, or set FERRY_OUTER_INSECURE=true where something in front of it speaks TLS";

type Listener = 'FERRY_OUTER_HOST' | 'FERRY_GATEWAY_OUTER_HOST';

const isCovered = (
  set: Readonly<Record<Listener, string>> & { FERRY_OUTER_INSECURE: boolean },
  of: Listener,
): boolean => isLoopback(set[of]) || set.FERRY_OUTER_INSECURE;

const Exposure = z
  .object({
    FERRY_HOST: Variables.shape.FERRY_HOST,
    FERRY_UNPROTECTED: Variables.shape.FERRY_UNPROTECTED.catch(false),
    FERRY_OUTER_HOST: Variables.shape.FERRY_OUTER_HOST,
    FERRY_GATEWAY_OUTER_HOST: Variables.shape.FERRY_GATEWAY_OUTER_HOST,
    FERRY_OUTER_INSECURE: Variables.shape.FERRY_OUTER_INSECURE.catch(false),
  })
  .refine(({ FERRY_HOST, FERRY_UNPROTECTED }) => isLoopback(FERRY_HOST) || FERRY_UNPROTECTED, {
    path: ['FERRY_HOST'],
    message:
      'is reached from other machines, and the API does not ask yet who calls: bind it to 127.0.0.1, or set FERRY_UNPROTECTED=true where something else protects it',
  })
  .refine((set) => isCovered(set, 'FERRY_OUTER_HOST'), { path: ['FERRY_OUTER_HOST'], message: UNCOVERED })
  .refine((set) => isCovered(set, 'FERRY_GATEWAY_OUTER_HOST'), {
    path: ['FERRY_GATEWAY_OUTER_HOST'],
    message: UNCOVERED,
  });

/** An intersection, so that the mistakes of both sides are told at once. */
const Environment = Variables.and(Exposure).readonly();
export type Environment = z.infer<typeof Environment>;

/** Reads it once, at the entry; an empty variable is an unset one. Throws an Error whose message lists every mistake. */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(set, ONCE);
  if (!parsed.success) throw new Error(`the environment:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** What it keeps in histories about devices is keyed, so that nobody finds them by trying. Throws an Error. */
export function workerSecret({ FERRY_SECRET = '' }: NodeJS.ProcessEnv): string {
  if (FERRY_SECRET.length >= SECRET_LENGTH) return FERRY_SECRET;
  throw new Error(
    `a worker needs FERRY_SECRET, of at least ${SECRET_LENGTH} characters and the same for all of them: \`openssl rand -hex 32\` makes one`,
  );
}
