import { z } from 'zod';
import { Id } from '../id.ts';
import { AssociateId } from './registration.ts';

/** MEC 021, the mobility procedure of an application: who wants to be told of it, and what is told (6.2, 6.3.2, 7.4). */
/** By the names of V2.1.1, or the numbers of V2.2.1. */
const statuses = {
  INTERHOST_MOVEOUT_TRIGGERED: 1,
  INTERHOST_MOVEOUT_COMPLETED: 2,
  INTERHOST_MOVEOUT_FAILED: 3,
} as const;
export type MobilityStatus = keyof typeof statuses;
const names = Object.keys(statuses) as readonly MobilityStatus[];

const Status = z
  .union([z.string(), z.int()])
  .transform((word) => names.find((name) => name === word || statuses[name] === word) ?? null);

/** Whom it concerns has to be told; a filter without statuses means TRIGGERED (6.3.2). */
export const MobilityProcedureSubscription = z.object({
  subscriptionType: z.literal('MobilityProcedureSubscription'),
  callbackReference: z.string(),
  filterCriteria: z.object({
    appInstanceId: Id,
    associateId: z.array(AssociateId).nullish().catch(undefined),
    mobilityStatus: z.array(z.union([z.string(), z.int()])).nullish(),
  }),
});
export type MobilityProcedureSubscription = z.infer<typeof MobilityProcedureSubscription>;

export const statusesOf = ({ filterCriteria: { mobilityStatus } }: MobilityProcedureSubscription): MobilityStatus[] =>
  mobilityStatus == null
    ? ['INTERHOST_MOVEOUT_TRIGGERED']
    : mobilityStatus.flatMap((word) => Status.safeParse(word).data ?? []);

/** 7.4.2. */
export interface MobilityProcedureNotification {
  readonly notificationType: 'MobilityProcedureNotification';
  readonly timeStamp: { readonly seconds: number; readonly nanoSeconds: number };
  readonly associateId: readonly AssociateId[];
  readonly mobilityStatus: MobilityStatus | number;
  readonly targetAppInfo?: {
    readonly appInstanceId: string;
    readonly commInterface: { readonly ipAddresses: readonly { readonly host: string; readonly port: number }[] };
  };
  readonly _links: { readonly subscription: { readonly href: string } };
}

/** Whoever subscribed by numbers is told a number. */
export const wordFor = (
  status: MobilityStatus,
  { filterCriteria: { mobilityStatus } }: MobilityProcedureSubscription,
): MobilityStatus | number => (mobilityStatus?.some((word) => typeof word === 'number') ? statuses[status] : status);
