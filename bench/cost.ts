import { Client, Connection } from '@temporalio/client';
import { costOf, keptOf } from './counts.ts';
import type { Figure, Measure, Point } from './harness/measure.ts';
import { relocate, startFerry } from './stage/ferry.ts';
import { configurationFor, startPeers } from './stage/peers.ts';
import { startTemporal } from './stage/server.ts';
import { startTwins } from './stage/twins.ts';
import { naive, perSubscription, type Step, timerPolls } from './twins/steps.ts';

interface Sweep extends Point {
  readonly subscriptions: number;
  readonly polls: number;
  readonly retries: number;
}

const at = (name: string, sweep: Partial<Sweep>): Sweep => ({ subscriptions: 3, polls: 2, retries: 0, ...sweep, name });
const subscribed = (n: number): Sweep => at(`S = ${n}`, { subscriptions: n });
const polled = (n: number): Sweep => at(`k = ${n}`, { polls: n });
const retried = (n: number): Sweep => at(`r = ${n}`, { retries: n });

const PLAIN = 'S = 3';

const twins: Readonly<Record<string, (point: Sweep) => Step[]>> = {
  naive: ({ subscriptions }) => naive(subscriptions),
  'activity per subscription': ({ subscriptions }) => perSubscription(subscriptions),
  'poll by workflow timer': ({ polls }) => timerPolls(polls),
};

const EVENTS = `events at ${PLAIN}`;
const ALIKE = 'events, most ÷ least over S';
const PATIENT = 'events, most polls ÷ fewest';

function figures(points: readonly Sweep[]): readonly Figure[] {
  const named = (letter: string): string[] => points.map(({ name }) => name).filter((name) => name.startsWith(letter));
  const [sizes, polls, retries] = [named('S'), named('k'), named('r')];
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
  const against = (point: string, atLeast: number): Figure => ({
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
  return [
    exactly(EVENTS, 'events', PLAIN, 65),
    exactly(`actions at ${PLAIN}`, 'actions', PLAIN, 12),
    alike(ALIKE, sizes),
    alike(PATIENT, polls),
    ...retries.map((point) => exactly(`actions besides retries at ${point}`, 'actions', point, 12)),
    against(PLAIN, 1.9),
    ...(sizes.includes('S = 50') ? [against('S = 50', 10)] : []),
    told('persists', 'persists'),
    { ...told('bytes of history', 'kilobytes', 'KB'), target: { atMost: 40 } },
    told('calls to peers', 'calls'),
    { name: 'calls to peers ÷ 15 + 2S', kind: 'count', value: (of) => of('engine', 'calls', PLAIN) / 21 },
  ];
}

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
      ? [subscribed(0), subscribed(3), subscribed(20), polled(1), polled(20), retried(1)]
      : [...[0, 1, 3, 10, 50, 100].map(subscribed), ...[1, 10, 100, 500].map(polled), ...[1, 2, 3].map(retried)],
  pairs: () => 1,
  figures,

  prepare: async ({ folder }) => {
    const namespace = 'cost';
    const [temporal, peers] = await Promise.all([startTemporal(folder, 'cost', [namespace]), startPeers()]);
    const [ferry, twin, connection] = await Promise.all([
      startFerry(temporal, {
        namespace,
        folder,
        name: 'cost',
        configuration: configurationFor(peers, 1, { pace: { pollMs: 5, retryMs: 20 } }),
      }),
      startTwins(temporal, namespace),
      Connection.connect({ address: temporal.address }),
    ]);
    const client = new Client({ connection, namespace });

    const engine = async ({ subscriptions, polls, retries }: Sweep) => {
      await peers.found({ applications: 1, subscriptions });
      await peers.behave({ polls, failing: retries });
      const before = await peers.counts();
      const handle = await relocate(client, ferry, 0, 1);
      const { outcome } = await handle.result();
      if (outcome !== 'relocated') throw new Error(`a relocation of the benchmark ended as ${outcome}`);
      return { handle, calls: (await peers.counts()).calls - before.calls };
    };
    const like = async (steps: readonly Step[]) => {
      const handle = await twin.begin(client, steps);
      await handle.result();
      return { handle, calls: 0 };
    };

    return {
      sample: async (variant, point) => {
        const steps = twins[variant];
        const { handle, calls } = await (steps === undefined ? engine(point) : like(steps(point)));
        const [cost, { persists, bytes }] = await Promise.all([costOf(handle), keptOf(handle)]);
        return { ...cost, persists, kilobytes: bytes / 1_000, calls };
      },
      stop: async () => {
        await connection.close();
        await Promise.all([ferry.stop(), twin.stop()]);
        await Promise.all([temporal.stop(), peers.stop()]);
      },
    };
  },
};
