import type { Logger } from 'pino';
import { failure } from '../../activities/failure.ts';
import type { Context } from '../../activities/ports.ts';
import { serves } from '../../domain/application.ts';
import { authorityOf, type Endpoint } from '../../domain/endpoint.ts';
import type { FailureType } from '../../domain/failures.ts';
import { Refused } from '../../protocols/application/contract.ts';
import { type Answer, type Call, type Credentials, Exchange } from '../http.ts';
import { scrubbed } from '../problem.ts';
import type { TlsFiles } from '../secured.ts';
import { ANSWER_MS, calls, UNKNOWN_CALL } from './calls.ts';

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

/** Instances come and go while a worker lives. */
const REMEMBERED = 64;

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
    const url = `${tls === undefined ? 'http' : 'https'}://${authorityOf(managed(at))}`;
    const exchange =
      exchanges.get(url) ??
      new Exchange({ name, url, timeoutMs: ANSWER_MS, tls, tlsMember: 'management.tls' }, log, credentials);
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
    state: async (at, users, signal) => await ask(at, calls.state(users), signal),

    promise: async (at, { relocation, users, target }, signal) =>
      await ask(at, calls.promise({ relocation, users, target: target && managed(target) }), signal),

    standBy: async (at, { relocation, users, source, epoch }, signal) =>
      await ask(at, calls.introduce({ relocation, users, source: managed(source), epoch }), signal),

    async handOver(at, { relocation, target }, signal) {
      const receipt = await ask(at, calls.handOver({ relocation, target: managed(target) }), signal);
      if (receipt.relocation === relocation) return receipt;
      // Of an earlier one the target may well have what it says
      throw failure(
        'PeerMalformed',
        `${name}: its receipt is of relocation ${scrubbed(receipt.relocation)}, and not of ${relocation}`,
      );
    },

    settle: async (at, { relocation, users, retired }, signal) => {
      const settled = await ask(at, calls.settle({ relocation, users, retired }), signal);
      const { settlement } = settled;
      return { settlement, serves: settled.serves ?? serves(await context.state(at, users, signal), users) };
    },

    retire: async (at, { relocation }, signal) => {
      const answer = await instance(at).ask(calls.retire({ relocation }), signal);
      if (answer.status < 300) return answer.body.retires ? 'retires' : 'stays';
      return serves(await context.state(at, '*', signal), '*') ? 'stays' : 'retires';
    },

    supersede: async (at, { relocation, users, epoch, to, spared = to !== null, elsewhere }, signal) => {
      const call = calls.supersede({
        relocation,
        users,
        epoch,
        to: to && managed(to),
        spared,
        elsewhere: elsewhere.map((one) => ({ ...one, to: managed(one.to) })),
      });
      const answer = await instance(at).ask(call, signal);
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
  const refusal = Object.hasOwn(refusals, type) ? refusals[type] : undefined;
  if (refusal === undefined) return failure(status === 504 ? 'PeerUnavailable' : 'PeerRejected', told);
  const which = relocation === undefined ? '' : ` (${scrubbed(relocation)})`;
  return failure(refusal.type, `${who}: ${refusal.told}${which}`);
}
