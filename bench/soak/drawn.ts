import { curves } from '../harness/picture.ts';
import { median } from '../harness/statistics.ts';
import type { Standing } from './soak.ts';

/** Memory of worker and API over the time that the soak has taken. */
export const drawn = (all: readonly Standing[]): string =>
  curves('Memory while relocations follow one another', { x: 'seconds', y: 'MB' }, [
    { name: 'worker', points: all.map(({ seconds, worker }) => [seconds, worker.rss / 1e6]) },
    { name: 'API', points: all.map(({ seconds, api }) => [seconds, api.rss / 1e6]) },
  ]);

/** What has to stay as it is. */
const kept = {
  'memory of the worker': ({ worker }: Standing) => worker.rss,
  'memory of the API': ({ api }: Standing) => api.rss,
  'file handles of the worker': ({ worker }: Standing) => worker.handles,
  'file handles of the API': ({ api }: Standing) => api.handles,
  processes: ({ processes }: Standing) => processes,
  'events of one relocation': ({ events }: Standing) => events,
  'addresses in rules': ({ addresses }: Standing) => addresses,
};
/** What grows with each relocation, and has to grow as it did. */
const growing = {
  'CPU of the worker': ({ worker }: Standing) => worker.cpuMs,
  'CPU of the API': ({ api }: Standing) => api.cpuMs,
  'log lines': ({ logLines }: Standing) => logLines,
};

const level = (of: (one: Standing) => number) => (part: readonly Standing[]) => median(part.map(of));
const growth = (of: (one: Standing) => number) => (part: readonly Standing[]) => {
  const [from, to] = [part[0], part.at(-1)];
  if (from === undefined || to === undefined) return Number.NaN;
  return (of(to) - of(from)) / (to.relocations - from.relocations);
};

/**
 * How the last quarter compares with the second one: the first warms up. Of what is kept its level, of what grows its
 * growth for each relocation.
 */
export function drift(all: readonly Standing[]): Readonly<Record<string, number>> {
  const quarter = (n: number): readonly Standing[] =>
    all.slice(Math.floor((all.length * n) / 4), Math.floor((all.length * (n + 1)) / 4));
  const [second, last] = [quarter(1), quarter(3)];
  const compared = (how: (part: readonly Standing[]) => number): number => how(last) / how(second);
  return Object.fromEntries([
    ...Object.entries(kept).map(([name, of]) => [name, compared(level(of))] as const),
    ...Object.entries(growing).map(([name, of]) => [name, compared(growth(of))] as const),
  ]);
}
