import { setTimeout as pause } from 'node:timers/promises';
import { costOf, keptOf } from './counts.ts';
import { curves } from './harness/picture.ts';
import type { Sample } from './harness/statistics.ts';
import type { Figure, Measure, Point, Values } from './harness/measure.ts';
import { relocate } from './stage/ferry.ts';
import { OnDisk } from './stage/on-disk.ts';
import { cpuMsOf } from './stage/process.ts';
import { scrape, sum } from './stage/scrape.ts';
import { empty, naive, perSubscription, type Step, timerPolls } from './twins/steps.ts';

interface Sweep extends Point {
  readonly subscriptions: number;
  readonly polls: number;
  readonly retries: number;
  /** Subscriptions of strangers at either host. */
  readonly foreign: number;
}

/** These cost naive what it costs at S = 3. */
const ENGINE = ['engine'];
/** As many as show it: a timer of the dev server takes a second. */
const TIMERS = 20;

const at = (name: string, sweep: Partial<Sweep>): Sweep => ({
  subscriptions: 3,
  polls: 2,
  retries: 0,
  foreign: 0,
  ...sweep,
  name,
});
/** Seconds at most: a relocation, and naive's calls one after the other. Naive with a hundred would take twenty. */
const subscribed = (n: number): Sweep =>
  at(`S = ${n}`, { subscriptions: n, share: 3 + n / 5, ...(n > 50 && { only: ENGINE, share: 4 }) });
const polled = (n: number): Sweep => at(`k = ${n}`, { polls: n, only: ENGINE, share: 2 + n / 40 });
const beside = (n: number): Sweep => at(`F = ${n}`, { foreign: n, only: ENGINE, share: 2 + n / 100 });
const retried = (n: number): Sweep => at(`r = ${n}`, { retries: n, only: ENGINE, share: 2 + n });

const PLAIN = 'S = 3';
/** The same as the server counts it, which writes that down once a second; and what a disk takes of it. */
const SERVER = at('by the server', { only: ENGINE, share: 8 });
const DISK = at('on a disk', { only: ['safe', 'fast'], pairs: { least: 5, most: 15 }, share: 15 });
const FLUSH_MS = 2_000;
const BEAT = 'grpc_RecordActivityTaskHeartbeat';

const twins: Readonly<Record<string, (point: Sweep) => Step[]>> = {
  naive: ({ subscriptions }) => naive(subscriptions),
  'activity per subscription': ({ subscriptions }) => perSubscription(subscriptions),
  'poll by workflow timer': ({ polls }) => timerPolls(Math.min(polls, TIMERS)),
};

const EVENTS = `events at ${PLAIN}`;
const ALIKE = 'events, most ÷ least over S';
const PATIENT = 'events, most polls ÷ fewest';

const exactly = (name: string, value: string, point: string, target: number): Figure => ({
  name,
  kind: 'count',
  value: (of) => of('engine', value, point),
  target: { exactly: target },
});

const alike = (name: string, among: readonly string[]): Figure => ({
  name,
  kind: 'count',
  value: (of) => {
    const all = among.map((point) => of('engine', 'events', point));
    return Math.max(...all) / Math.min(...all);
  },
  target: { exactly: 1 },
});

const naiveOver = (point: string, atLeast: number): Figure => ({
  name: `events of naive ÷ engine at ${point}`,
  kind: 'count',
  value: (of) => of('naive', 'events', point) / of('engine', 'events', point),
  target: { atLeast },
});

const told = (name: string, value: string, unit?: string): Figure => ({
  name,
  kind: 'count',
  value: (of) => of('engine', value, PLAIN),
  ...(unit !== undefined && { unit }),
});

const inFull: readonly Figure[] = [
  exactly('actions, as the server counts them', 'actionsSeen', SERVER.name, 12),
  { name: 'heartbeats that reach the server', kind: 'count', value: (of) => of('engine', 'beats', SERVER.name) },
  { name: 'persists, as the server counts them', kind: 'count', value: (of) => of('engine', 'persists', SERVER.name) },
  {
    name: 'wall of nine steps that do nothing, a disk waited for ÷ not',
    kind: 'wall',
    value: (of) => of('safe', 'wallMs', DISK.name) / of('fast', 'wallMs', DISK.name),
  },
];

function figures(points: readonly Sweep[]): readonly Figure[] {
  const named = (letter: string): string[] => points.map(({ name }) => name).filter((name) => name.startsWith(letter));
  const [sizes, polls, retries, strangers] = [named('S'), named('k'), named('r'), named('F')];
  return [
    exactly(EVENTS, 'events', PLAIN, 65),
    exactly(`actions at ${PLAIN}`, 'actions', PLAIN, 12),
    alike(ALIKE, sizes),
    alike(PATIENT, polls),
    alike('events, most strangers ÷ fewest', strangers),
    ...retries.map((point) => exactly(`actions besides retries at ${point}`, 'actions', point, 12)),
    naiveOver(PLAIN, 1.9),
    ...(sizes.includes('S = 50') ? [naiveOver('S = 50', 10), ...inFull] : []),
    told('persists', 'persists'),
    { ...told('bytes of history', 'kilobytes', 'KB'), target: { atMost: 40 } },
    told('calls to peers', 'calls'),
    {
      name: `calls to peers beside ${strangers.at(-1)?.slice(4)} strangers ÷ beside none`,
      kind: 'count',
      value: (of) => of('engine', 'calls', strangers.at(-1) ?? '') / of('engine', 'calls', strangers[0] ?? ''),
    },
    { name: 'calls to peers ÷ 15 + 2S', kind: 'count', value: (of) => of('engine', 'calls', PLAIN) / 21 },
  ];
}

/** A value at the points of one sweep, by how much there is of it. */
const against = (samples: readonly Sample[], variant: string, sweep: string, value: string) =>
  samples
    .filter((each) => each.variant === variant && each.point.startsWith(`${sweep} = `))
    .map(({ point, values }): [number, number] => [Number(point.split(' = ')[1]), values[value] ?? 0])
    .toSorted(([a], [b]) => a - b);

/** What a relocation costs at Temporal, whatever it moves and however long it waits: exact counts. */
export const cost: Measure<Sweep> = {
  id: 'B4',
  name: 'cost',
  question:
    'What does one relocation cost in events, actions, persists and bytes, and does it stay the same with more subscriptions, more polls and retries?',
  variants: ['engine', 'naive'],
  bad: [
    { variant: 'activity per subscription', misses: [EVENTS, ALIKE] },
    { variant: 'poll by workflow timer', misses: [PATIENT] },
  ],
  points: (quick) =>
    quick
      ? [...[0, 3].map(subscribed), ...[1, 20].map(polled), retried(1), ...[0, 100].map(beside)]
      : [
          ...[3, 0, 1, 10, 50, 100].map(subscribed),
          ...[1, 10, 100].map(polled),
          ...[1, 2, 3].map(retried),
          ...[0, 100, 1_000].map(beside),
          SERVER,
          DISK,
        ],
  pairs: () => ({ least: 1, most: 1 }),
  seconds: (quick) => (quick ? 24 : 110),
  shares: true,
  figures,
  pictures: [
    {
      name: 'subscriptions',
      title: 'What a relocation costs against its subscriptions',
      draw: (title, samples) =>
        curves(title, { x: 'subscriptions', y: 'events, calls' }, [
          { name: 'events', points: against(samples, 'engine', 'S', 'events') },
          { name: 'events of naive', points: against(samples, 'naive', 'S', 'events') },
          { name: 'calls to peers', points: against(samples, 'engine', 'S', 'calls') },
        ]),
    },
    {
      name: 'strangers',
      title: 'What a relocation costs against subscriptions of strangers in the same lists',
      draw: (title, samples) =>
        curves(title, { x: 'subscriptions of strangers at either host', y: 'events, calls, ms' }, [
          { name: 'events', points: against(samples, 'engine', 'F', 'events') },
          { name: 'calls to peers', points: against(samples, 'engine', 'F', 'calls') },
          { name: "worker's CPU, ms", points: against(samples, 'engine', 'F', 'cpuMs') },
        ]),
    },
  ],

  prepare: async ({ folder, shared }) => {
    const { temporal, namespace, client, peers, ferry, twins: twin } = await shared();
    let onDisk: OnDisk | undefined;

    const engine = async ({ subscriptions, polls, retries, foreign }: Sweep) => {
      await peers.found({ applications: 1, subscriptions, foreign });
      await peers.behave({ polls, failing: retries });
      const before = await peers.counts();
      const cpu = cpuMsOf(ferry.pid);
      const handle = await relocate(client, ferry, 0, peers.pairs);
      const { outcome } = await handle.result();
      if (outcome !== 'relocated') throw new Error(`a relocation of the benchmark ended as ${outcome}`);
      return { handle, calls: (await peers.counts()).calls - before.calls, cpuMs: cpuMsOf(ferry.pid) - cpu };
    };
    const like = async (steps: readonly Step[]) => {
      const handle = await twin.begin(client, steps);
      await handle.result();
      return { handle, calls: 0, cpuMs: 0 };
    };

    /** What the server has counted of the engine's namespace. */
    const seen = async () => {
      await pause(FLUSH_MS);
      const all = await scrape(temporal.metrics);
      const persisted = (operation: string): number => sum(all, 'persistence_requests', { namespace, operation });
      const beats = sum(all, 'action', { namespace, action_type: BEAT });
      return {
        beats,
        actionsSeen: sum(all, 'action', { namespace }) - beats,
        persists: persisted('CreateWorkflowExecution') + persisted('UpdateWorkflowExecution'),
      };
    };
    const seenByServer = async (point: Sweep): Promise<Values> => {
      const before = await seen();
      await engine(point);
      const after = await seen();
      return {
        beats: after.beats - before.beats,
        actionsSeen: after.actionsSeen - before.actionsSeen,
        persists: after.persists - before.persists,
      };
    };

    return {
      sample: async (variant, point) => {
        if (point.name === SERVER.name) return await seenByServer(point);
        if (variant === 'safe') return await timed((onDisk ??= await OnDisk.begin(folder)));
        if (variant === 'fast') return await timed({ client, twins: twin });
        const steps = twins[variant];
        const { handle, calls, cpuMs } = await (steps === undefined ? engine(point) : like(steps(point)));
        const [counted, { persists, bytes }] = await Promise.all([costOf(handle), keptOf(handle)]);
        return { ...counted, persists, kilobytes: bytes / 1_000, calls, cpuMs };
      },
      stop: async () => await onDisk?.end(),
    };
  },
};

/** Nine steps that do nothing. */
const timed = async (on: Pick<OnDisk, 'client' | 'twins'>): Promise<Values> => {
  const begun = performance.now();
  await (await on.twins.begin(on.client, empty())).result();
  return { wallMs: performance.now() - begun };
};
