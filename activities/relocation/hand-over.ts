import { ApplicationFailure } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import {
  arrived,
  contradicts,
  isAuthority,
  type Receipt,
  type Shortfall,
  shortfallTold,
} from '../../domain/application.ts';
import { failure } from '../failure.ts';
import type { Context as Contract, Wait } from '../ports.ts';
import { alive, until } from '../waiting.ts';
import {
  askable,
  canBeAsked,
  endOf,
  find,
  isLocated,
  locate,
  look,
  notThere,
  sceneOf,
  type Both,
  type Located,
  type Means,
  type Scene,
} from './subject.ts';

export interface HandedOver {
  readonly epoch: number | null;
  readonly users: number;
  /** Writes that the target was given: at risk, should it be lost. */
  readonly writes: number;
  readonly freezeMs: number | null;
}

/** What became of a hand-over whose answer is missing. */
export type Settled = 'handedOver' | 'kept' | 'lost';

export const handingOver = (means: Means) => ({
  /**
   * Step 6 (GR MEC 035, [5.3.2-4], [5.4.2-3]): the source freezes the users, sends the last delta, and decides, once. The
   * point of no return. Verified: the target is the authority, with the receipt's epoch and count. Its patience is of
   * its own: the time that attempts take, not that in which there was no worker.
   */
  handOver: async (order: Both): Promise<HandedOver> =>
    await alive(
      means.pace,
      async (wait) =>
        await patiently(wait, means.pace.handOverMs, async (within) => await handOver(means, order, within)),
    ),

  /** What became of it? The source's answer is for ever: forward, or back. Where it is gone, what the target is tells it. */
  settle: async (order: Both): Promise<Settled> =>
    await alive(means.pace, async ({ signal }) => {
      const { application, site, context, relocation } = await endOf(means, order, 'source');
      const byTarget = async (): Promise<Settled> => {
        const target = await endOf(means, order, 'target');
        const instance = askable(target.site, await look(target.site, application, order.to, signal));
        if (instance === undefined) return 'lost';
        return (await takenOver(target.context, order, instance, signal)) === undefined ? 'lost' : 'handedOver';
      };
      const seen = await look(site, application, order.from, signal);
      if (!canBeAsked(seen)) {
        const settled = await byTarget();
        // A source that runs and has not been told may still hand over
        if (settled === 'lost') askable(site, seen);
        return settled;
      }
      const settle = { relocation, users: order.users, retired: false };
      const { settlement, serves } = await context.settle(seen.endpoint, settle, signal);
      if (settlement === 'handedOver') return 'handedOver';
      return serves ? 'kept' : await byTarget();
    }),
});

async function handOver(means: Means, order: Both, wait: Wait): Promise<HandedOver> {
  const { signal, progress } = wait;
  const scene = await sceneOf(means, order);
  const { context, relocation } = scene;
  const [target, source] = await Promise.all([
    locate(scene.target, scene.application, order.to, signal),
    find(scene.source, scene.application, order.from, signal),
  ]);
  if (source === undefined || !isLocated(source)) {
    const taken = await takenOver(context.target, order, target, signal);
    if (taken !== undefined) return taken;
    if (context.source.guarantee !== 'zeroLoss') return nothing;
    throw notThere(scene.source, order.from, source);
  }
  progress('the source hands its users over');
  const receipt = await context.source.handOver(source.endpoint, { relocation, target: target.endpoint }, signal);
  progress('comparing the target with the receipt');
  await arrival(means, scene, order, receipt, target, wait);
  const { epoch, users, count, freezeMs } = receipt;
  return { epoch, users, writes: count, freezeMs };
}

/** It kept no state: whoever comes is served by the target. */
const nothing: HandedOver = { epoch: null, users: 0, writes: 0, freezeMs: null };

/** Where the source cannot say it any more: is the target the authority? It was not before this hand-over. */
async function takenOver(
  context: Contract,
  { users }: Both,
  { endpoint }: Located,
  signal: AbortSignal,
): Promise<HandedOver | undefined> {
  if (context.guarantee !== 'zeroLoss') return undefined;
  const state = await context.state(endpoint, users, signal);
  if (!isAuthority(state, users)) return undefined;
  const given = state.users.filter(({ user, role }) => role === 'authority' && (users === '*' || user === users));
  const writes = given.reduce((sum, { count }) => sum + count, 0);
  const epoch = given.length === 0 ? null : Math.max(...given.map((user) => user.epoch));
  return { epoch, users: given.length, writes, freezeMs: null };
}

/** The source's word is final; that it reached the target may take a moment. */
async function arrival(
  { pace }: Means,
  { context, target: site }: Scene,
  { users }: Both,
  receipt: Receipt,
  target: Located,
  wait: Wait,
): Promise<void> {
  let last: Shortfall | null = null;
  const there = await until(wait, pace.attemptMs / 2, async () => {
    const short = arrived(receipt, await context.target.state(target.endpoint, users, wait.signal), users);
    last = short;
    return short === null ? true : undefined;
  });
  if (there === undefined) throw notArrived(`${site.name}: instance ${target.id}`, last);
}

/** Users that have not come yet may come; who serves them with fewer writes than it was given has lost some. */
const notArrived = (instance: string, short: Shortfall | null): ApplicationFailure =>
  short !== null && contradicts(short)
    ? failure('WritesMissing', `${instance} has taken over with too little: ${shortfallTold(short)}`)
    : failure('NotYet', `${instance} has not taken over${short === null ? '' : `: ${shortfallTold(short)}`}`);

/** Limits the time of all attempts together, less that in which no worker was there; then it is final. */
async function patiently<T>(wait: Wait, limitMs: number, work: (wait: Wait) => Promise<T>): Promise<T> {
  const begun = Date.now();
  const { currentAttemptScheduledTimestampMs: due } = Context.current().info;
  const { spentMs = 0, failedAt = due } = JSON.parse(wait.kept('patience') ?? '{}') as Spent;
  // No attempt begins before it is due: a clock that says so is behind the server's
  const behind = Math.max(0, due - begun);
  const before = spentMs + Math.max(0, due - failedAt);
  const began = performance.now();
  const spent = (): number => Math.round(before + performance.now() - began);
  const limit = new AbortController();
  const pulse = setInterval(
    () => wait.keep('patience', JSON.stringify({ spentMs: spent() } satisfies Spent)),
    limitMs / 10,
  );
  const end = setTimeout(() => limit.abort(outOfPatience), Math.max(0, limitMs - before));
  try {
    if (before >= limitMs) throw outOfPatience;
    return await work({ ...wait, signal: AbortSignal.any([wait.signal, limit.signal]) });
  } catch (error) {
    wait.keep('patience', JSON.stringify({ spentMs: spent(), failedAt: Date.now() + behind } satisfies Spent));
    throw spent() >= limitMs && error instanceof ApplicationFailure ? final(error) : error;
  } finally {
    clearInterval(pulse);
    clearTimeout(end);
  }
}

interface Spent {
  /** By all attempts together. */
  readonly spentMs?: number;
  /** When the last one failed, of itself. */
  readonly failedAt?: number;
}

const outOfPatience = failure('NotYet', 'the hand-over was not done in time');

const final = ({ message, type }: ApplicationFailure): ApplicationFailure =>
  ApplicationFailure.create({ message, nonRetryable: true, ...(type != null && { type }) });
