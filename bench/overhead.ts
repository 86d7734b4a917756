import { oneAfterTheOther } from './depth.ts';
import { type Figure, type Measure, METHOD, type Of, type Point } from './harness/measure.ts';
import { MEO } from './peers/plan.ts';
import { startDirect } from './stage/direct.ts';
import { relocate } from './stage/ferry.ts';
import { cpuMsOf } from './stage/process.ts';
import { naiveCalls, oneByOne } from './twins/steps.ts';

interface Load extends Point {
  readonly latencyMs: number;
  readonly atOnce: number;
}

const SUBSCRIPTIONS = 3;
const at = (latencyMs: number, atOnce: number, more: Pick<Point, 'pairs' | 'share' | 'only'> = {}): Load => ({
  name: atOnce === 1 ? `${latencyMs} ms` : `${latencyMs} ms, ${atOnce} at once`,
  latencyMs,
  atOnce,
  ...more,
});

/** What a twin differs from itself is had where it takes a second, and not the five of 50 ms. */
const ALL = ['engine', 'direct', 'naive', 'bare'];
/** Reported: nothing is asked for of so many. */
const SOME = { pairs: { least: 1, most: 2 }, only: ['engine', 'direct'], share: 28 };

const RATIO = 'wall of a relocation ÷ direct at 50 ms';

/** What being durable costs: a variant less the same calls without it. */
const more = (of: Of, durable: string, without: string, point: string): number =>
  of(durable, 'wallMs', point) - of(without, 'wallMs', point);

function figures(points: readonly Load[]): readonly Figure[] {
  return points.flatMap(({ name, latencyMs, atOnce }): Figure[] => {
    const single = atOnce === 1;
    const among: readonly Figure[] = [
      {
        name: `wall of a relocation ÷ direct at ${name}`,
        kind: 'wall',
        value: (of) => of('engine', 'wallMs', name) / of('direct', 'wallMs', name),
        ...(latencyMs === 50 && single && { target: { atMost: 1.15 } }),
      },
      {
        name: `CPU of worker and API ÷ direct at ${name}`,
        kind: 'cpu',
        value: (of) => of('engine', 'cpuMs', name) / of('direct', 'cpuMs', name),
      },
    ];
    const alone: readonly Figure[] = [
      {
        name: `what durability adds ÷ naive's at ${name}`,
        kind: 'wall',
        value: (of) => more(of, 'engine', 'direct', name) / more(of, 'naive', 'bare', name),
        target: { atMost: 0.6 },
      },
      {
        name: `calls one after the other at ${name}`,
        kind: 'count',
        value: (of) => of('direct', 'depth', name),
      },
      {
        name: `wall of direct ÷ the calls that are needed at ${name}`,
        kind: 'wall',
        value: (of) => of('direct', 'wallMs', name) / of('bare', 'wallMs', name),
      },
    ];
    return single ? [...among, ...alone] : [...among];
  });
}

/** What durability costs a relocation: the same steps by the same adapters, with Temporal and without. */
export const overhead: Measure<Load> = {
  id: 'B1',
  name: 'overhead',
  question:
    'How much longer does a relocation take than the same calls without durability, and how does what is added compare with one activity for each call?',
  // `bare`: the calls of naive without durability
  variants: ALL,
  twin: 'direct',
  bad: [{ variant: 'activity per call', misses: [RATIO] }],
  points: (quick) =>
    quick ? [at(50, 1)] : [at(10, 1, { share: 91 }), at(50, 1, { only: ALL, share: 210 }), at(50, 50, SOME)],
  pairs: (quick) => (quick ? { least: 1, most: 2 } : METHOD),
  seconds: (quick) => (quick ? 25 : 340),
  shares: true,
  figures,

  prepare: async ({ shared }) => {
    const { client, peers, ferry, twins } = await shared();
    const direct = await startDirect(ferry.configuration, peers.pairs);
    const url = `http://${MEO}:${peers.port}/app_lcm/v1/app_instances?filter=(eq,id,none)`;
    let calls = 0;

    const one: Readonly<Record<string, (n: number, point: Load) => Promise<unknown>>> = {
      engine: async (n) => {
        const { outcome } = await (await relocate(client, ferry, n, peers.pairs)).result();
        if (outcome !== 'relocated') throw new Error(`a relocation of the benchmark ended as ${outcome}`);
      },
      direct: async (n) => await direct.relocate(n),
      naive: async (_, { latencyMs }) =>
        await (await twins.begin(client, oneByOne(naiveCalls(SUBSCRIPTIONS, url, 10 * latencyMs)))).result(),
      bare: async (_, { latencyMs }) => await direct.call(naiveCalls(SUBSCRIPTIONS, url, 10 * latencyMs)),
      'activity per call': async () =>
        await (await twins.begin(client, oneByOne(Array.from({ length: calls }, () => ({ calls: [url] }))))).result(),
    };
    const pids: Readonly<Record<string, number>> = { engine: ferry.pid, direct: direct.pid, bare: direct.pid };

    return {
      sample: async (variant, point) => {
        const { latencyMs, atOnce } = point;
        await peers.behave({ latencyMs, operationMs: 10 * latencyMs });
        await peers.found({ applications: atOnce, subscriptions: SUBSCRIPTIONS, foreign: 0 });
        await peers.forget();
        const pid = pids[variant] ?? twins.pid;
        const [begun, cpu] = [performance.now(), cpuMsOf(pid)];
        await Promise.all(Array.from({ length: atOnce }, async (_, n) => await one[variant]?.(n, point)));
        const [wallMs, cpuMs] = [performance.now() - begun, cpuMsOf(pid) - cpu];
        const log = await peers.log();
        if (variant === 'engine') calls = Math.round(log.length / atOnce);
        return { wallMs, cpuMs: cpuMs / atOnce, calls: log.length / atOnce, depth: oneAfterTheOther(log) };
      },
      stop: async () => await direct.stop(),
    };
  },
};
