import type { Logger } from 'pino';
import { failure } from '../../activities/failure.ts';
import type { Context } from '../../activities/ports.ts';
import { serves } from '../../domain/application.ts';
import type { Endpoint } from '../../domain/endpoint.ts';
import type { FailureType } from '../../domain/failures.ts';
import {
  base,
  FREEZE_LIMIT_MS,
  HandOverReceipt,
  Promised,
  Refused,
  Retired,
  Settled,
  State,
  Superseded,
} from '../../protocols/application/contract.ts';
import { type Answer, type Call, type Credentials, Exchange } from '../http.ts';
import { scrubbed } from '../problem.ts';
import type { TlsFiles } from '../secured.ts';

/** An application as it is met at one site: `name` stands in messages where addresses must not. */
export interface Managed {
  /** As in "counter at a1". */
  readonly name: string;
  readonly managementPort: number;
  /** Proves to an instance that it is us who ask. */
  readonly credentials?: Credentials | undefined;
  /** By HTTPS. */
  readonly tls?: TlsFiles | undefined;
}

/** The source answers a hand-over within the freeze limit and a round trip: we must not give up before it does. */
const ANSWER_MS = FREEZE_LIMIT_MS + 3_000;
/** Instances come and go while a worker lives. */
const REMEMBERED = 64;
/** What answers so does not know the call (RFC 9110): an application of the page as it was before. */
const UNKNOWN_CALL = [404, 405, 501];

/** What the contract's refusals mean to us. */
const refusals: Readonly<Record<string, { readonly type: FailureType; readonly told: string }>> = {
  PromisedElsewhere: { type: 'PromisedElsewhere', told: 'these users are promised to another relocation' },
  NotServing: { type: 'NotServing', told: 'it is not the authority for these users' },
  NotPromised: { type: 'NotServing', told: 'these users are not promised to this relocation' },
  Kept: { type: 'KeptBySource', told: 'it has decided to keep these users' },
  TargetSilent: { type: 'PeerUnavailable', told: 'the target did not answer in time; the source thawed' },
  TargetRefused: { type: 'TargetRefused', told: 'the target instance refused the users; the source thawed' },
  Authority: { type: 'TargetRefused', told: 'it is itself the authority for some of these users' },
  Outdated: { type: 'TargetRefused', told: 'it knows of a newer takeover of these users' },
  Retiring: { type: 'TargetRefused', told: 'it is being taken away and takes nobody any more' },
};

/** The application contract, asked of the instances of one application on their management endpoints (docs/application-contract.md). */
export function contractContext({ name, managementPort, credentials, tls }: Managed, log: Logger): Context {
  const exchanges = new Map<string, Exchange>();
  const managed = ({ host }: Endpoint): Endpoint => ({ host, port: managementPort });

  function instance(at: Endpoint): Exchange {
    const { host, port } = managed(at);
    const url = `${tls === undefined ? 'http' : 'https'}://${host}:${port}`;
    const exchange = exchanges.get(url) ?? new Exchange({ name, url, timeoutMs: ANSWER_MS, tls }, log, credentials);
    exchanges.delete(url);
    exchanges.set(url, exchange); // the last used is the last
    for (const oldest of [...exchanges.keys()].slice(0, -REMEMBERED)) exchanges.delete(oldest);
    return exchange;
  }

  async function ask<T>(at: Endpoint, call: Call<T>, signal: AbortSignal): Promise<T> {
    const answer = await instance(at).ask(call, signal);
    if (answer.status < 300) return answer.body;
    throw refused(name, answer);
  }

  const context: Context = {
    guarantee: 'zeroLoss',
    state: async (at, users, signal) => {
      const path = `${base}/state?users=${encodeURIComponent(users)}`;
      return await ask(at, { method: 'GET', path, schema: State }, signal);
    },

    promise: async (at, { relocation, users, target }, signal) => {
      const json = { relocation, users, target: target && managed(target) };
      const call = { method: 'POST', path: `${base}/promise`, json, schema: Promised, key: relocation } as const;
      return await ask(at, { ...call, alsoExpect: [409] }, signal);
    },

    standBy: async (at, { relocation, users, source, epoch }, signal) => {
      const json = { relocation, users, source: managed(source), chunk: [], epoch };
      const call = { method: 'POST', path: `${base}/copy`, json, key: relocation } as const;
      await ask(at, { ...call, alsoExpect: [409] }, signal);
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
      return await ask(at, { ...call, alsoExpect: [409, 504] }, signal);
    },

    settle: async (at, { relocation, users, retired }, signal) => {
      const json = { relocation, users, ...(retired && { retired }) };
      const call = { method: 'POST', path: `${base}/settle`, json, schema: Settled, key: relocation } as const;
      const settled = await ask(at, call, signal);
      const { settlement } = settled;
      return { settlement, serves: settled.serves ?? serves(await context.state(at, users, signal), users) };
    },

    retire: async (at, { relocation }, signal) => {
      const call = { method: 'POST', path: `${base}/retire`, json: { relocation }, key: relocation } as const;
      const answer = await instance(at).ask({ ...call, schema: Retired, alsoExpect: UNKNOWN_CALL }, signal);
      if (answer.status < 300) return answer.body.retires ? 'retires' : 'stays';
      return serves(await context.state(at, '*', signal), '*') ? 'stays' : 'retires';
    },

    supersede: async (at, { relocation, users, epoch, to, spared = to !== null, elsewhere }, signal) => {
      const json = {
        relocation,
        users,
        epoch,
        to: to && managed(to),
        spared,
        elsewhere: elsewhere.map((one) => ({ ...one, to: managed(one.to) })),
      };
      const call = { method: 'POST', path: `${base}/supersede`, json, schema: Superseded, key: relocation } as const;
      const answer = await instance(at).ask({ ...call, alsoExpect: [...UNKNOWN_CALL, 409] }, signal);
      if (answer.status < 300) return answer.body;
      if (UNKNOWN_CALL.includes(answer.status))
        throw failure('ContractMissing', `${name}: its application does not know the call "supersede"`);
      if (Refused.safeParse(answer.body).data?.type === 'Authority') return 'serves';
      throw refused(name, answer);
    },
  };
  return context;
}

function refused(who: string, { status, body, told }: Answer<unknown>): Error {
  const { type = '', relocation } = Refused.safeParse(body).data ?? {};
  const refusal = refusals[type];
  if (refusal === undefined) return failure(status === 504 ? 'PeerUnavailable' : 'PeerRejected', told);
  const which = relocation === undefined ? '' : ` (${scrubbed(relocation)})`;
  return failure(refusal.type, `${who}: ${refusal.told}${which}`);
}
