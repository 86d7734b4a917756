import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptied } from './evacuating/emptied.ts';
import type { Figure, Measure, Point, Values } from './harness/measure.ts';
import { startTemporal } from './stage/server.ts';

interface Crowd extends Point {
  readonly many: number;
  /** Of an instantiation. */
  readonly operationMs: number;
}

const crowd = (many: number, operationMs: number): Crowd => ({
  name: `${many} of ${operationMs / 1_000} s`,
  many,
  operationMs,
});
/** As configurations have it by default. */
const PACE = { heartbeatMs: 5_000, pollMs: 500, attemptMs: 30_000 };
const [WINDOW, ONE_IN, NAMESPACE] = [50, 100, 'evacuated'];

const figuresOf = ({ name, many }: Crowd): readonly Figure[] => {
  const told = (what: string, value: string, more: Partial<Figure> = {}): Figure => ({
    name: `${what}, ${name}`,
    kind: 'count',
    value: (of) => of('engine', value, name),
    ...more,
  });
  return [
    told('makespan ÷ what one takes alone, by the window', 'ofIdeal', { target: { atMost: 1.1 } }),
    told('neither relocated nor counted as failed', 'missing', { target: { exactly: 0 } }),
    told('served by nobody, or by two', 'lost', { target: { exactly: 0 } }),
    told('relocated twice', 'twice', { target: { exactly: 0 } }),
    told('at the same time', 'atOnce', { target: { atMost: WINDOW } }),
    told('failures listed', 'failuresListed', { target: { exactly: Math.ceil(many / ONE_IN) } }),
    told('events of the evacuation', 'events', { target: { exactly: 11 } }),
    told('bytes of a sign of life', 'heartbeatBytes'),
    told('CPU of the workers for each', 'workerCpuMs', { kind: 'cpu', unit: 'ms' }),
    told('CPU of the server for each', 'serverCpuMs', { kind: 'cpu', unit: 'ms' }),
    told('CPU of the peers for each', 'peersCpuMs', { kind: 'cpu', unit: 'ms' }),
    told('memory of a worker', 'workerMb', { unit: 'MB' }),
  ];
};

/** How near a site is emptied to as fast as its window allows, while some cannot be moved and workers are killed. */
export const evacuation: Measure<Crowd> = {
  id: 'B6',
  name: 'evacuation',
  question:
    'Is a site of 5,000 emptied as fast as the window allows, where one in a hundred fails and two workers are killed, and is each moved once?',
  variants: ['engine'],
  bad: [],
  alone: true,
  points: (quick) => [quick ? crowd(300, 8_000) : crowd(5_000, 20_000)],
  pairs: () => ({ least: 1, most: 1 }),
  seconds: (quick) => (quick ? 200 : 3_600),
  figures: (points) => points.flatMap(figuresOf),

  prepare: async ({ folder, tell }) => {
    const temporal = await startTemporal(folder, 'evacuation', [NAMESPACE]);
    return {
      stop: async () => await temporal.stop(),
      sample: async (_, { many, operationMs }): Promise<Values> => {
        const plan = { many, operationMs, window: WINDOW, oneIn: ONE_IN, ...PACE, tell };
        const { result, aloneMs, tookMs, events, begun, standing, use } = await emptied(
          { ...temporal, namespace: NAMESPACE, folder },
          plan,
        );
        const { counts, failures } = result;
        appendFileSync(join(folder, 'evacuation.failures.json'), `${JSON.stringify(failures, null, 2)}\n`);
        const each = (name: string): number => (1_000 * (use.cpuSeconds[name] ?? 0)) / many;
        return {
          ofIdeal: tookMs / ((many * aloneMs) / WINDOW),
          aloneMs,
          seconds: tookMs / 1_000,
          missing: many - counts.moved - counts.failed,
          moved: counts.moved,
          failed: counts.failed,
          lost: standing.lost,
          twice: begun.twice,
          atOnce: begun.atOnce,
          relocations: begun.relocations,
          failuresListed: failures.length,
          events,
          heartbeatBytes: use.heartbeatBytes,
          workerCpuMs: each('workers'),
          serverCpuMs: each('server'),
          peersCpuMs: each('peers'),
          workerMb: use.peakMb['workers'] ?? 0,
          serverMb: use.peakMb['server'] ?? 0,
        };
      },
    };
  },
};
