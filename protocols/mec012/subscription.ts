import { z } from 'zod';

/** MEC 012 V2.2.1, subscriptions to radio network information. */
export const rniSubscriptions = '/rni/v2/subscriptions';

/** Where each type has its filter, and what a server fills in (and returns) where a client leaves it out. */
export const filters: Readonly<
  Record<string, { readonly member: string; readonly defaults: Readonly<Record<string, unknown>> }>
> = {
  CellChangeSubscription: { member: 'filterCriteriaAssocHo', defaults: { hoStatus: [3] } },
  RabEstSubscription: { member: 'filterCriteriaQci', defaults: {} },
  RabModSubscription: { member: 'filterCriteriaQci', defaults: {} },
  RabRelSubscription: { member: 'filterCriteriaQci', defaults: {} },
  MeasRepUeSubscription: { member: 'filterCriteriaAssocTri', defaults: {} },
  NrMeasRepUeSubscription: { member: 'filterCriteriaNrMrs', defaults: {} },
  MeasTaSubscription: { member: 'filterCriteriaAssoc', defaults: {} },
  CaReconfSubscription: { member: 'filterCriteriaAssoc', defaults: {} },
};

export const RniSubscription = z.looseObject({
  subscriptionType: z.string(),
  /** Absent where the subscriber uses a websocket. */
  callbackReference: z.string().nullish(),
  expiryDeadline: z.object({ seconds: z.int(), nanoSeconds: z.int() }).nullish(),
});
export type RniSubscription = z.infer<typeof RniSubscription>;

/** The answer to a creation: its own name. */
export const CreatedSubscription = z
  .object({ _links: z.object({ self: z.object({ href: z.string() }).nullish() }).nullish() })
  .transform(({ _links: links }) => links?.self?.href);

/** A list gives references only. After a restart some servers send null for no entries. */
export const SubscriptionLinkList = z
  .object({ _links: z.object({ subscription: z.array(z.object({ href: z.string() })).nullish() }).nullish() })
  .transform(({ _links: links }) => (links?.subscription ?? []).map(({ href }) => href));
