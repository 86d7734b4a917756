import { oneAfterTheOther } from './depth.ts';
import { type Figure, type Measure, METHOD, type Of, type Pairs, type Point } from './harness/measure.ts';
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
const at = (
  latencyMs: number,
  atOnce: number,
  more: { readonly pairs?: Pairs; readonly share?: number } = {},
): Load => ({
  name: atOnce === 1 ? `${latencyMs} ms` : `${latencyMs} ms, ${atOnce} at once`,
  latencyMs,
  atOnce,
  ...more,
});

/** Reported: nothing is asked for of so many. */
const SOME = { pairs: { least: 2, most: 3 } };

const RATIO = 'wall of a relocation ÷ direct at 50 ms';

/** What being durable costs: a variant less the same calls without it. */
const more = (of: Of, durable: string, without: string, point: string): number =>
  of(durable, 'wallMs', point) - of(without, 'wallMs', point);

function figures(points: readonly Load[]): readonly Figure[] {
  return points.flatMap(({ name, latencyMs, atOnce }): Figure[] => [
    {
      name: `wall of a relocation ÷ direct at ${name}`,
      kind: 'wall',
      value: (of) => of('engine', 'wallMs', name) / of('direct', 'wallMs', name),
      ...(latencyMs === 50 && atOnce === 1 && { target: { atMost: 1.15 } }),
    },
    {
      name: `what durability adds ÷ naive's at ${name}`,
      kind: 'wall',
      value: (of) => more(of, 'engine', 'direct', name) / more(of, 'naive', 'bare', name),
      ...(atOnce === 1 && { target: { atMost: 0.6 } }),
    },
    {
      name: `CPU of worker and API ÷ direct at ${name}`,
      kind: 'cpu',
      value: (of) => of('engine', 'cpuMs', name) / of('direct', 'cpuMs', name),
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
  ]);
}

/** What durability costs a relocation: the same steps by the same adapters, with Temporal and without. */
export const overhead: Measure<Load> = {
  id: 'B1',
  name: 'overhead',
  question:
    'How much longer does a relocation take than the same calls without durability, and how does what is added compare with one activity for each call?',
  // `bare`: the calls of naive without durability
  variants: ['engine', 'direct', 'naive', 'bare'],
  twin: 'direct',
  bad: [{ variant: 'activity per call', misses: [RATIO] }],
  points: (quick) => (quick ? [at(50, 1)] : [at(50, 1), at(10, 1), at(50, 50, SOME)]),
  pairs: (quick) => (quick ? { least: 1, most: 2 } : METHOD),
  seconds: (quick) => (quick ? 25 : 270),
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
