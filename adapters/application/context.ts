import type { Logger } from 'pino';
import { failure } from '../../activities/failure.ts';
import type { Context } from '../../activities/ports.ts';
import type { Endpoint } from '../../domain/endpoint.ts';
import type { FailureType } from '../../domain/failures.ts';
import {
  base,
  FREEZE_LIMIT_MS,
  HandOverReceipt,
  Promised,
  Refused,
  Settled,
  State,
} from '../../protocols/application/contract.ts';
import { type Answer, type Call, Exchange } from '../http.ts';
import { scrubbed } from '../problem.ts';

/** The source answers a hand-over within the freeze limit and a round trip: we must not give up before it does. */
const ANSWER_MS = FREEZE_LIMIT_MS + 3_000;
/** Instances come and go while a worker lives. */
const REMEMBERED = 64;

/** What the contract's refusals mean to us. */
const refusals: Readonly<Record<string, { readonly type: FailureType; readonly told: string }>> = {
  PromisedElsewhere: { type: 'PromisedElsewhere', told: 'these users are promised to another relocation' },
  NotServing: { type: 'NotServing', told: 'it is not the authority for these users' },
  NotPromised: { type: 'NotServing', told: 'these users are not promised to this relocation' },
  Kept: { type: 'KeptBySource', told: 'it has decided to keep these users' },
  TargetSilent: { type: 'PeerUnavailable', told: 'the target did not answer in time; the source thawed' },
  Authority: { type: 'TargetRefused', told: 'it is itself the authority for some of these users' },
};

/**
 * The application contract, asked of an instance on its management endpoint (docs/application-contract.md).
 * `managementPort`: where an instance is managed that serves its clients on a given port.
 */
export const applicationContext = (managementPort: (clientPort: number) => number, log: Logger): Context => {
  const exchanges = new Map<string, Exchange>();
  const managed = ({ host, port }: Endpoint): Endpoint => ({ host, port: managementPort(port) });

  /** `who` stands in messages where the address must not. */
  function instance(who: string, at: Endpoint): Exchange {
    const { host, port } = managed(at);
    const url = `http://${host}:${port}`;
    const id = `${who} ${url}`;
    const exchange = exchanges.get(id) ?? new Exchange({ name: who, url, timeoutMs: ANSWER_MS }, log);
    exchanges.delete(id);
    exchanges.set(id, exchange); // the last used is the last
    for (const oldest of [...exchanges.keys()].slice(0, -REMEMBERED)) exchanges.delete(oldest);
    return exchange;
  }

  async function ask<T>(who: string, at: Endpoint, call: Call<T>, signal: AbortSignal): Promise<T> {
    const answer = await instance(who, at).ask(call, signal);
    if (answer.status < 300) return answer.body;
    throw refused(who, answer);
  }

  return {
    state: async (at, users, signal) => {
      const path = `${base}/state?users=${encodeURIComponent(users)}`;
      return await ask('application', at, { method: 'GET', path, schema: State }, signal);
    },

    promise: async (at, { relocation, users, target }, signal) => {
      const json = { relocation, users, target: target && managed(target) };
      const call = { method: 'POST', path: `${base}/promise`, json, schema: Promised, key: relocation } as const;
      return await ask('source application', at, { ...call, alsoExpect: [409] }, signal);
    },

    standBy: async (at, { relocation, users, source }, signal) => {
      const json = { relocation, users, source: managed(source), chunk: [] };
      const call = { method: 'POST', path: `${base}/copy`, json, key: relocation } as const;
      await ask('target application', at, { ...call, alsoExpect: [409] }, signal);
    },

    handOver: async (at, { relocation, target }, signal) => {
      const json = { relocation, target: managed(target) };
      const call = {
        method: 'POST',
        path: `${base}/handOver`,
        json,
        schema: HandOverReceipt,
        key: relocation,
      } as const;
      return await ask('source application', at, { ...call, alsoExpect: [409, 504] }, signal);
    },

    settle: async (at, { relocation, retired }, signal) => {
      const json = { relocation, ...(retired && { retired }) };
      const call = { method: 'POST', path: `${base}/settle`, json, schema: Settled, key: relocation } as const;
      return (await ask('application', at, call, signal)).settlement;
    },
  };
};

function refused(who: string, { status, body, told }: Answer<unknown>): Error {
  const { type = '', relocation } = Refused.safeParse(body).data ?? {};
  const refusal = refusals[type];
  if (refusal === undefined) return failure(status === 504 ? 'PeerUnavailable' : 'PeerRejected', told);
  const which = relocation === undefined ? '' : ` (${scrubbed(relocation)})`;
  return failure(refusal.type, `${who}: ${refusal.told}${which}`);
}
