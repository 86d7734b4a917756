import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll } from 'vitest';
import type { Runs } from '../../activities/evacuation/runs.ts';
import { evacuationActivities } from '../../activities/evacuation/evacuate-host.ts';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { surveyActivities } from '../../activities/survey.ts';
import { whereActivities } from '../../activities/where.ts';
import type { Relocation } from '../../api/resources.ts';
import type { Pace } from '../../configuration/peers.ts';
import { connectionFor } from '../../temporal/lazy-connection.ts';
import { digest } from '../../configuration/digest.ts';
import { parseRelocationId } from '../../domain/identity.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { cordonsOver } from '../../worker/cordons.ts';
import { runsOver } from '../../worker/runs.ts';
import { FerryWorkers } from '../../worker/workers.ts';
import { named, Served } from './api.ts';
import { Engine, quickPace, surveying } from './engine.ts';
import { eventually } from './eventually.ts';
import type { PortWorld } from './world.ts';
import { telling, writtenOf } from './written.ts';
import { workflowBundle } from './workflow-bundle.ts';

export let engine: Engine;
/** As the API's process connects. */
export let temporal: Client;

/** The API over the real engine, for each test file that says so in a namespace of its own. */
export function servedByTheEngine(): void {
  beforeAll(async () => {
    engine = await Engine.start(await temporalCli());
    const { address, namespace = 'default' } = engine.environment;
    temporal = new Client({ connection: connectionFor({ address }), namespace });
  });
  afterAll(async () => {
    await temporal?.connection.close();
    await engine?.stop();
  });
}

export const order = { application: 'counter', source: 'cloud', target: 'a1' };
export const PATH = '/v1/relocations';

/** The API and a worker, over a world of ports, on one real dev server. All relocations of before are ended first. */
export async function over(
  world: PortWorld,
  scenario: (api: Served, taskQueue: string) => Promise<void>,
  pace = quickPace,
  { activities, served }: Beyond = {},
): Promise<void> {
  await quiet();
  const { taskQueue } = engine;
  const more = activities?.({ ...means(world, pace), runs: runsOver(temporal, { ...named, pace, taskQueue }) });
  await engine.beside({ ...activitiesOver(world, taskQueue, pace), ...more }, async () => {
    const api = await Served.start({ temporal, taskQueue, pace, ...served });
    try {
      await scenario(api, taskQueue);
    } finally {
      await api.stop();
    }
  });
}

const means = (world: PortWorld, pace: Pace) => ({
  catalogue: world,
  pace,
  digest,
  turns: takingTurns(),
  cordons: cordonsOver(temporal),
});

/** What a scenario needs beyond the rest. */
interface Beyond {
  readonly activities?: (of: ReturnType<typeof means> & { readonly runs: Runs }) => object;
  readonly served?: Partial<Parameters<typeof Served.start>[0]>;
}

/** All of a worker but those of federation, and of followers. */
function activitiesOver(world: PortWorld, taskQueue: string, pace: Pace): object {
  const all = means(world, pace);
  const runs = runsOver(temporal, { ...named, pace, taskQueue });
  return {
    ...relocationActivities(all),
    ...surveyActivities(surveying),
    ...whereActivities(all),
    ...evacuationActivities({ catalogue: world, runs, pace }),
  };
}

/** Workers of their own: a test that replaces a worker by another one makes two. */
export async function workersOver(world: PortWorld, taskQueue: string, pace = quickPace): Promise<FerryWorkers> {
  return await FerryWorkers.create({
    connection: engine.environment.nativeConnection,
    namespace: engine.environment.namespace ?? 'default',
    workflowBundle,
    taskQueue,
    activities: activitiesOver(world, taskQueue, pace),
    capacity: { slots: { steps: 100, waits: 2_000 }, maxCachedWorkflows: 500 },
  });
}

/** The API without a worker. */
export async function alone(scenario: (api: Served) => Promise<void>, through = temporal): Promise<void> {
  await quiet();
  const api = await Served.start({ temporal: through, taskQueue: `nobody-${randomUUID()}`, pace: quickPace });
  try {
    await scenario(api);
  } finally {
    await api.stop();
  }
}

export const RUNNING = "ExecutionStatus = 'Running'";

/** What was just begun may not be in the index yet. */
const begun = new Set<string>();

async function quiet(): Promise<void> {
  const { workflow } = temporal;
  for (const id of begun) {
    const run = parseRelocationId(id);
    if (run === undefined) continue;
    await workflow
      .getHandle(run.workflowId, run.runId)
      .terminate('the next test begins')
      .catch(() => undefined); // it has ended
  }
  begun.clear();
  await eventually(async () => {
    for await (const { workflowId, runId } of workflow.list({ query: RUNNING }))
      await workflow
        .getHandle(workflowId, runId)
        .terminate('the next test begins')
        .catch(() => undefined); // the index is behind
    return (await workflow.count(RUNNING)).count === 0;
  });
}

export async function starting(api: Served, body: object = {}, key?: string) {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  const answer = await api.post<Relocation>(PATH, { ...order, ...body }, headers);
  if (answer.status === 202) begun.add(answer.body.id);
  return answer;
}

export const show = async (api: Served, { id }: { id: string }): Promise<Relocation> =>
  (await api.get<Relocation>(`${PATH}/${id}`)).body;

export const reached = async (
  api: Served,
  one: { id: string },
  state: Relocation['state'],
  limitMs = 10_000,
): Promise<Relocation> => {
  let now = await show(api, one);
  const run = parseRelocationId(one.id);
  const written = run && writtenOf(temporal.workflow, run, telling([state]));
  await eventually(async () => {
    await written?.();
    now = await show(api, one);
    return now.state === state;
  }, limitMs).catch((cause: unknown) => {
    throw new Error(`it is not ${state}, but ${JSON.stringify(now)}`, { cause });
  });
  return now;
};

export const command = async <T = Relocation>(api: Served, { id }: { id: string }, action: string) =>
  await api.post<T>(`${PATH}/${id}/${action}`);

/** A run that ends before it comes to a gate comes to none: whoever waits there would wait for ever. */
const COMES_MS = 120_000;

/** A call that waits until it is let go. `arrived` fails where none comes. */
export function gate(comesMs = COMES_MS): { arrived: Promise<void>; open: () => void; wait: () => Promise<void> } {
  let [arrive, leave]: (() => void)[] = [];
  const arrived = new Promise<void>((resolve, reject) => {
    const late = (): void => reject(new Error(`no call came to the gate in ${comesMs} ms: did the run end before?`));
    const limit = setTimeout(late, comesMs).unref();
    arrive = () => {
      clearTimeout(limit);
      resolve();
    };
  });
  arrived.catch(() => undefined); // whoever waits for it hears of it
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  return {
    arrived,
    open: () => leave?.(),
    wait: async () => {
      arrive?.();
      await left;
    },
  };
}
