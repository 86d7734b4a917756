import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Figure, Measure, Point, Values } from './harness/measure.ts';

interface Crowd extends Point {
  readonly many: number;
  /** Of one relocation; some take several times as long. */
  readonly meanMs: number;
}

const crowd = (many: number, meanMs: number): Crowd => ({ name: `${many} of ${meanMs / 1_000} s`, many, meanMs });
/** Servers and workers of its own, which it ends. */
const script = fileURLToPath(new URL('../test/engine/evacuation.measure.ts', import.meta.url));

const figuresOf = ({ name }: Crowd): readonly Figure[] => {
  const told = (what: string, value: string, more: Partial<Figure>): Figure => ({
    name: `${what}, ${name}`,
    kind: 'count',
    value: (of) => of('engine', value, name),
    ...more,
  });
  return [
    // By what its relocations took in this very run: a busy machine is in both
    told('makespan ÷ what all took, by the window', 'ofTaken', { target: { atMost: 1.1 } }),
    told('makespan ÷ what all should take, by the window', 'ofNominal', { kind: 'wall' }),
    told('not relocated, and not listed as failed', 'missing', { target: { exactly: 0 } }),
    told('relocated twice', 'twice', { target: { exactly: 0 } }),
    told('failures listed', 'failuresListed', {}),
    told('events of one run', 'events', { target: { atMost: 2_000 } }),
  ];
};

/** How near a site is emptied to as fast as its window allows, while relocations fail and workers are killed. */
export const evacuation: Measure<Crowd> = {
  id: 'B6',
  name: 'evacuation',
  question:
    'Is a site of 5,000 emptied as fast as the window allows, where one in a hundred fails and two workers are killed, and is each moved once?',
  variants: ['engine'],
  bad: [],
  alone: true,
  points: (quick) => [quick ? crowd(500, 3_000) : crowd(5_000, 6_000)],
  pairs: () => ({ least: 1, most: 1 }),
  seconds: (quick) => (quick ? 90 : 900),
  figures: (points) => points.flatMap(figuresOf),

  prepare: async () => {
    const leave = new AbortController();
    return {
      stop: async () => leave.abort(),
      sample: async (_, { many, meanMs }): Promise<Values> => {
        const args = ['--import', 'tsx', script, String(many), String(meanMs)];
        const { stdout } = await promisify(execFile)(process.execPath, args, { signal: leave.signal });
        const { counts, ...said } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Said;
        const { ofTaken, ofNominal, twice, failuresListed, events, seconds } = said;
        const missing = many - counts.moved - counts.failed;
        return { ofTaken, ofNominal, twice, failuresListed, events, seconds, missing };
      },
    };
  },
};

interface Said {
  readonly counts: { readonly moved: number; readonly failed: number };
  readonly ofTaken: number;
  readonly ofNominal: number;
  readonly twice: number;
  readonly failuresListed: number;
  readonly events: number;
  readonly seconds: number;
}
