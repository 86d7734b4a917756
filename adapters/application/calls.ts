import type { z } from 'zod';
import {
  base,
  FREEZE_LIMIT_MS,
  HandOverReceipt,
  Promised,
  Retired,
  Settled,
  State,
  Superseded,
} from '../../protocols/application/contract.ts';
import type {
  CopyOrder,
  HandOverOrder,
  PromiseOrder,
  RetireOrder,
  SettleOrder,
  SupersedeOrder,
} from '../../protocols/application/orders.ts';
import { type Call, LIST_LIMIT } from '../http.ts';

/** The source answers a hand-over within the freeze limit and a round trip: we must not give up before it does. */
export const ANSWER_MS = FREEZE_LIMIT_MS + 3_000;
/** What answers so does not know the call (RFC 9110): an application of the page as it was before. */
export const UNKNOWN_CALL: readonly number[] = [404, 405, 501];

/** Of what names each of its users: an instance may have a hundred thousand, and who waits for a decision has to read it. */
const ofEachUser = { limit: LIST_LIMIT };

type Asked<Order extends z.ZodType> = z.input<Order>;

/** The calls of the contract (docs/application-contract.md) as data. Endpoints in bodies are those of the management. */
export const calls = {
  state: (users: string) =>
    ({
      method: 'GET',
      path: `${base}/state?users=${encodeURIComponent(users)}`,
      schema: State,
      ...ofEachUser,
    }) satisfies Call<unknown>,

  promise: (json: Asked<typeof PromiseOrder>) =>
    ({ ...posted('promise', json), schema: Promised, alsoExpect: [409] }) satisfies Call<unknown>,

  /** Without content: an introduction. */
  introduce: (json: Omit<Asked<typeof CopyOrder>, 'chunk'>) =>
    ({ ...posted('copy', { ...json, chunk: [] }), alsoExpect: [409] }) satisfies Call<unknown>,

  handOver: (json: Asked<typeof HandOverOrder>) =>
    ({
      ...posted('handOver', json),
      schema: HandOverReceipt,
      alsoExpect: [409, 504],
      ...ofEachUser,
    }) satisfies Call<unknown>,

  settle: ({ retired = false, ...json }: Asked<typeof SettleOrder>) =>
    ({ ...posted('settle', { ...json, ...(retired && { retired }) }), schema: Settled }) satisfies Call<unknown>,

  retire: (json: Asked<typeof RetireOrder>) =>
    ({ ...posted('retire', json), schema: Retired, alsoExpect: UNKNOWN_CALL }) satisfies Call<unknown>,

  supersede: (json: Asked<typeof SupersedeOrder>) =>
    ({
      ...posted('supersede', json),
      schema: Superseded,
      alsoExpect: [...UNKNOWN_CALL, 409],
      ...ofEachUser,
    }) satisfies Call<unknown>,
} as const;

const posted = <Json extends { readonly relocation: string }>(call: string, json: Json) =>
  ({ method: 'POST', path: `${base}/${call}`, json, key: json.relocation }) as const;
