import { z } from 'zod';

/** TMF 641 service ordering v4 (members as the OpenSlice file has them): what the client reads, tolerant of more. */

/** The file types a characteristic's value as an object; many servers send the plain string. */
const Value = z.union([z.string(), z.object({ value: z.coerce.string() }).transform(({ value }) => value)]).catch('');

const Service = z.object({
  id: z.string().nullish(),
  state: z.string().nullish(),
  serviceCharacteristic: z.array(z.object({ name: z.string(), value: Value })).nullish(),
});

export const ServiceOrder = z.object({
  id: z.string().min(1),
  externalId: z.string().nullish(),
  state: z.string().nullish(),
  orderDate: z.string().nullish(),
  note: z.array(z.object({ text: z.string().nullish() })).nullish(),
  orderItem: z.array(z.object({ action: z.string(), service: Service })).min(1),
});
export type ServiceOrder = z.infer<typeof ServiceOrder>;

/** A list holds what others ordered too: only what tells ours from theirs is required of it. */
export const ServiceOrderList = z.array(z.looseObject({ id: z.string(), externalId: z.string().nullish() }));

export const serviceOrders = '/tmf-api/serviceOrdering/v4/serviceOrder';

/** Where an order stands. The file writes upper case, TM Forum lower camel case: compared without regard to it. */
export const orderStates: Readonly<Record<string, 'open' | 'completed' | 'refused' | 'failed'>> = {
  INITIAL: 'open',
  ACKNOWLEDGED: 'open',
  PENDING: 'open',
  HELD: 'open',
  INPROGRESS: 'open',
  COMPLETED: 'completed',
  REJECTED: 'refused',
  CANCELLED: 'failed',
  FAILED: 'failed',
  // Some items were done and some not: of our single item that is no success.
  PARTIAL: 'failed',
};

export const orderState = (order: ServiceOrder): string => (order.state ?? '').toUpperCase();

/** The note by which an OSS says that the cloud no longer has the package. */
export const PACKAGE_MISSING = 'package missing';
