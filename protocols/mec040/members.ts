import { z } from 'zod';

/** MEC 040, federation enablement: `{apiRoot}/fed_enablement/v1`, which the conformance suite spells with a dash. */
export const bases = ['/fed_enablement/v1', '/fed-enablement/v1'] as const;
export const systemInfos = '/fed_resources/system_info';
export const subscriptions = '/subscriptions';

/** What a database keeps and a terminal shows. */
const Text = z
  .string()
  .min(1)
  .max(255)
  .regex(/^\P{Cc}*$/u, 'has control characters');

/** 6.2.2. */
export const SystemInfo = z.object({ systemId: z.string(), systemName: z.string(), systemProvider: z.string() });
export type SystemInfo = z.infer<typeof SystemInfo>;

/** The published file wraps bodies in the name of their type, real servers and the suite do not: both are read. */
const unwrapped = <Schema extends z.ZodType>(name: string, schema: Schema) =>
  z.preprocess((body) => (isRecord(body) && isRecord(body[name]) ? body[name] : body), schema);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The federator gives the id. */
export const NewSystemInfo = unwrapped(
  'SystemInfo',
  z.object({
    systemId: z.undefined('is given by the federator: leave it out').optional(),
    systemName: Text,
    systemProvider: Text,
  }),
);

const ways = ['uris', 'fqdn', 'addresses', 'alternative'] as const;

/** MEC 011, 8.1.5.3. */
export const EndPointInfo = z
  .object({
    uris: z.array(z.string()).optional(),
    fqdn: z.array(z.string()).optional(),
    addresses: z.array(z.object({ host: z.string(), port: z.int().min(0).max(65_535) })).optional(),
    alternative: z.record(z.string(), z.unknown()).optional(),
  })
  .refine((info) => ways.filter((way) => info[way] !== undefined).length === 1, `is exactly one of ${ways.join(', ')}`);

/** 6.2.3. */
export const SystemInfoUpdate = unwrapped(
  'SystemInfoUpdate',
  z
    .object({ systemName: Text.optional(), endpoint: EndPointInfo.optional() })
    .refine(
      ({ systemName, endpoint }) => systemName !== undefined || endpoint !== undefined,
      'changes nothing: give systemName, endpoint, or both',
    ),
);

const TimeStamp = z.object({ seconds: z.int(), nanoSeconds: z.int() });

export const timeStamp = (instant: Date): z.infer<typeof TimeStamp> => ({
  seconds: Math.floor(instant.getTime() / 1_000),
  nanoSeconds: (instant.getTime() % 1_000) * 1_000_000,
});

const Link = z.object({ href: z.string() });
const subscriptionType = z.literal('SystemUpdateNotificationSubscription');

/** 6.3.2. */
export const NewSubscription = unwrapped(
  'SystemUpdateNotificationSubscription',
  z.object({
    subscriptionType,
    callbackReference: z.url({ protocol: /^https?$/, error: 'is no http or https URL' }).max(2_000),
    systemId: z.array(z.uuid()).max(1_000).optional(),
  }),
);

export const Subscription = z.object({
  subscriptionType,
  callbackReference: z.string(),
  systemId: z.array(z.string()).optional(),
  expiryDeadline: TimeStamp,
  _links: z.object({ self: Link }),
});
export type Subscription = z.infer<typeof Subscription>;

/** The standard has no list: this is the one of its sister APIs. */
export const SubscriptionLinkList = z.object({
  _links: z.object({ self: Link, subscription: z.array(Link.extend({ subscriptionType })) }),
});
export type SubscriptionLinkList = z.infer<typeof SubscriptionLinkList>;

/** 6.4.2. */
export interface SystemUpdateNotification {
  readonly notificationType: 'SystemUpdateNotification';
  readonly updatedSystemInfo: readonly SystemInfo[];
  readonly _links: { readonly subscription: { readonly href: string } };
}

/** Where the next page of a list begins (MEC 009, 6.20). */
export const MARKER = 'nextpage_opaque_marker';

const queries = { systemid: 'ids', systemname: 'names', systemprovider: 'providers' } as const;
type Wanted = { [Member in (typeof queries)[keyof typeof queries]]?: readonly string[] };

/**
 * Names in any case of letters, values repeated or with commas between them; a value that has a comma itself is one too.
 * An empty value counts as absent, and what the API has no name for is passed over.
 */
export function wantedIn(query: Readonly<Record<string, unknown>>): Wanted {
  const wanted: Partial<Record<keyof Wanted, string[]>> = {};
  for (const [name, value] of Object.entries(query)) {
    const member = queries[name.toLowerCase() as keyof typeof queries];
    const texts = [value].flat().filter((text): text is string => typeof text === 'string');
    const values = texts.flatMap((text) => [text, ...text.split(',')]).filter((text) => text !== '');
    if (member !== undefined && values.length > 0) wanted[member] = [...(wanted[member] ?? []), ...new Set(values)];
  }
  return wanted;
}
