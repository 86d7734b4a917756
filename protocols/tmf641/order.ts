import { z } from 'zod';
import { Id } from '../id.ts';

/** TMF 641 service ordering v4 (members as the OpenSlice file has them): what the client reads, tolerant of more. */

/** The file types a characteristic's value as an object; many servers send the plain string. */
const Value = z.union([z.string(), z.object({ value: z.coerce.string() }).transform(({ value }) => value)]).catch('');

const Characteristic = z.object({ name: z.string(), value: Value });
const Note = z.object({ text: z.string().nullish() });

/** What others add to an order, in whatever form, does not make it unreadable. */
const readable = <T>(entry: z.ZodType<T>) =>
  z
    .array(z.unknown())
    .nullish()
    .catch(null)
    .transform((entries) => (entries ?? []).flatMap((each) => entry.safeParse(each).data ?? []));

const Service = z.object({
  id: Id.nullish().catch(null),
  state: z.string().nullish(),
  serviceCharacteristic: readable(Characteristic),
});

export const ServiceOrder = z.object({
  id: Id,
  externalId: z.string().nullish(),
  state: z.string().nullish(),
  orderDate: z.string().nullish(),
  note: readable(Note),
  orderItem: z.array(z.object({ action: z.string(), service: Service })).min(1),
});
export type ServiceOrder = z.infer<typeof ServiceOrder>;

/** A list holds what others ordered too: only what tells ours from theirs is required of it. */
export const ListedOrder = z.object({
  id: Id,
  externalId: z.string().nullish().catch(null),
  orderDate: z.string().nullish().catch(null),
});
export type ListedOrder = z.infer<typeof ListedOrder>;

/** The answer to an order, which may be less than the order itself, or nothing. */
export const PlacedOrder = z.object({ id: Id });

export const serviceOrders = '/tmf-api/serviceOrdering/v4/serviceOrder';

/** Where an order stands. The file writes upper case, TM Forum lower camel case: compared without regard to it. */
export const orderStates: Readonly<Record<string, 'open' | 'completed' | 'refused' | 'failed'>> = {
  // The answer to an order may leave it out
  '': 'open',
  INITIAL: 'open',
  ACKNOWLEDGED: 'open',
  PENDING: 'open',
  HELD: 'open',
  INPROGRESS: 'open',
  ASSESSINGCANCELLATION: 'open',
  PENDINGCANCELLATION: 'open',
  COMPLETED: 'completed',
  REJECTED: 'refused',
  CANCELLED: 'failed',
  CANCELED: 'failed',
  FAILED: 'failed',
  // Some items were done and some not: of our single item that is no success.
  PARTIAL: 'failed',
};

export const orderState = (order: ServiceOrder): string => (order.state ?? '').toUpperCase();

/** The note by which an OSS says that the cloud no longer has the package. */
export const PACKAGE_MISSING = 'package missing';
