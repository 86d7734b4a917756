import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection, type WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { readConfiguration } from '../../configuration/peers.ts';
import type { EvacuationResult } from '../../domain/evacuation.ts';
import { runNameOf } from '../../domain/identity.ts';
import { evacuationOf } from '../../temporal/evacuating.ts';
import { siteOf, type Standing } from '../peers/plan.ts';
import { relocate, startFerry } from '../stage/ferry.ts';
import { configurationFor, type Peers, startPeers } from '../stage/peers.ts';
import { begunBy, type Begun } from './begun.ts';
import { Using, type Use } from './using.ts';

export interface Plan {
  readonly many: number;
  readonly window: number;
  /** An instantiation takes so long. */
  readonly operationMs: number;
  /** Of every so many applications the first one can be started nowhere. */
  readonly oneIn: number;
  readonly heartbeatMs: number;
  readonly pollMs: number;
  /** How late what was asked may still take effect: so long what failed is watched before it counts as undone. */
  readonly attemptMs: number;
  readonly tell?: (line: string) => void;
}

interface Place {
  readonly address: string;
  readonly pid: number | undefined;
  readonly namespace: string;
  readonly folder: string;
}

/** What was seen of a site that was emptied. */
export interface Emptied {
  readonly result: EvacuationResult;
  /** Of one relocation with nothing beside it. */
  readonly aloneMs: number;
  readonly tookMs: number;
  readonly events: number;
  readonly killed: number;
  readonly begun: Begun;
  readonly standing: Standing;
  readonly use: Use;
}

const [PAIRS, ALONE, SUBSCRIPTIONS] = [2, 3, 3];
/** Workers are killed when so much is moved. */
const KILLS = [0.3, 0.6];
const LOOK_MS = 500;
const SITE = siteOf('left', 0);

type Run = WorkflowHandleWithFirstExecutionRunId;

/**
 * A site of many applications is emptied by two workers as they are, over peers that are asked through sockets and start no
 * process for an instance; whoever keeps the window is killed (SIGKILL) twice, and another worker takes its place.
 */
export async function emptied(place: Place, plan: Plan): Promise<Emptied> {
  const { address, namespace, folder } = place;
  const [peers, connection] = await Promise.all([startPeers(PAIRS), Connection.connect({ address })]);
  const { many, pollMs, heartbeatMs, attemptMs, operationMs, oneIn, window } = plan;
  const pace = { pollMs, heartbeatMs, attemptMs, retryMs: 500 };
  const hired = {
    namespace,
    folder,
    name: 'evacuated',
    configuration: configurationFor(peers, many + ALONE, { pace }),
  };
  const hire = async (): ReturnType<typeof startFerry> => await startFerry(place, hired);
  const first = await Promise.all([hire(), hire()]);
  const workers = [...first];
  const using = new Using(() => [
    ...workers.map(({ pid }) => ['workers', pid] as const),
    ['peers', peers.pid] as const,
    ...(place.pid === undefined ? [] : [['server', place.pid] as const]),
  ]);
  try {
    const [{ configuration, taskQueue }] = first;
    const client = new Client({ connection, namespace });
    await peers.behave({ operationMs });
    await peers.found({ applications: ALONE, subscriptions: SUBSCRIPTIONS, pair: 0 }, many);
    const aloneMs = await alone(client, { configuration, taskQueue }, many);
    await peers.found({ applications: many, subscriptions: SUBSCRIPTIONS, pair: 0 });
    await peers.behave({ oneIn });

    const begunAt = performance.now();
    const among = [siteOf('right', 0), siteOf('right', 1)];
    const order = {
      request: { site: SITE, among, window, perUser: false },
      pace: readConfiguration(configuration).pace,
    };
    const run = await client.workflow.start('evacuateHost', evacuationOf(order, { taskQueue, world: undefined }));
    const ended = run.result() as Promise<EvacuationResult>;
    ended.catch(() => undefined); // it is awaited below
    let killed = 0;
    for (const part of KILLS) {
      await moved(peers, part * many, async () => using.look((await beatOf(run)).bytes), plan.tell, ended);
      const { pid } = await beatOf(run);
      const at = workers.findIndex((worker) => worker.pid === pid);
      using.look(0);
      if (at < 0 || !process.kill(pid, 'SIGKILL')) throw new Error('nobody keeps the window: it is over already');
      workers.splice(at, 1);
      killed += 1;
      workers.push(await hire());
      plan.tell?.(`killed ${pid}, and another one works in its place`);
    }
    await moved(peers, many, async () => using.look((await beatOf(run)).bytes), plan.tell, ended);
    const result = await ended;
    const tookMs = performance.now() - begunAt;
    const { events } = await run.fetchHistory();
    const evacuation = runNameOf(`${run.workflowId}/${run.firstExecutionRunId}`);
    const begun = await begunBy(client, evacuation, result);
    return {
      result,
      aloneMs,
      tookMs,
      events: events?.length ?? 0,
      killed,
      begun,
      standing: await peers.standing(),
      use: using.all,
    };
  } finally {
    await connection.close();
    await Promise.all(workers.map(async (worker) => await worker.stop()));
    await peers.stop();
  }
}

async function alone(
  client: Client,
  ferry: { configuration: string; taskQueue: string },
  first: number,
): Promise<number> {
  const begun = performance.now();
  const runs = await Promise.all(
    Array.from({ length: ALONE }, async (_, n) => await relocate(client, ferry, first + n, 1)),
  );
  for (const run of runs) {
    const { outcome } = await run.result();
    if (outcome !== 'relocated') throw new Error(`a relocation alone ended as ${outcome}`);
  }
  return performance.now() - begun;
}

/** Until so many are served elsewhere, or it is over. */
async function moved(
  peers: Peers,
  wanted: number,
  look: () => Promise<void>,
  tell: Plan['tell'],
  ended: Promise<unknown>,
): Promise<void> {
  const over = new AbortController();
  void ended.catch(() => undefined).then(() => over.abort());
  for (let n = 0; !over.signal.aborted; n += 1) {
    const { serving } = await peers.standing();
    const gone = Object.entries(serving).reduce((sum, [site, many]) => sum + (site === SITE ? 0 : many), 0) - ALONE;
    if (gone >= wanted) return;
    if (n % 10 === 0) await look();
    if (n % 120 === 0) tell?.(`${gone} are served elsewhere`);
    await pause(LOOK_MS);
  }
}

/** Who carries it out, and how much travels with a sign of life. */
async function beatOf(run: Run): Promise<{ pid: number; bytes: number }> {
  const [pending] = (await run.describe()).raw.pendingActivities ?? [];
  const bytes = (pending?.heartbeatDetails?.payloads ?? []).reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
  return { pid: Number.parseInt(pending?.lastWorkerIdentity ?? '0', 10), bytes };
}
