import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Figure, type Measure, METHOD, type Point, type Values } from './harness/measure.ts';
import { openLoop } from './harness/open-loop.ts';
import { randomOf } from './harness/random.ts';
import { percentile } from './harness/statistics.ts';
import { type Answered, orderOf, startApi, users } from './stage/api.ts';
import { configurationFor } from './stage/peers.ts';

interface Rate extends Point {
  /** Of the rate at which raw starts go. */
  readonly load: number;
  readonly forMs: number;
}

const [USERS, MOST_PER_SECOND] = [60_000, 200];
/** Of requests: the same once more, and such as nobody can understand. */
const [AGAIN, GARBAGE] = [0.2, 0.05];
const [HALF, OVERLOAD] = ['half of what raw starts reach', 'three times as much'];
/** More than may wait as a burst, however slow the machine: with fewer nothing is overloaded. */
const FLOOD = 1_000;
const EXTRA = 'runs that duplicates began';

const ratio = (name: string, value: string, atMost: number): Figure => ({
  name,
  kind: 'wall',
  value: (of) => of('engine', value, HALF) / of('raw', value, HALF),
  target: { atMost },
});
/** In no block: a median would not see what one in three has. */
const none = (name: string, value: string, point: string): Figure => ({
  name,
  kind: 'count',
  over: 'most',
  value: (of) => of('engine', value, point),
  target: { exactly: 0 },
});

/** What the API adds to a start at Temporal, and what it does when there is too much to do. */
export const api: Measure<Rate> = {
  id: 'B8',
  name: 'api',
  question:
    'How much does POST /v1/relocations add to a start at Temporal, does what is asked twice begin one run, and is too much refused in time?',
  variants: ['engine', 'raw'],
  twin: 'raw',
  bad: [{ variant: 'no de-duplication', misses: [EXTRA] }],
  points: (quick) => [
    { name: HALF, load: 0.5, forMs: quick ? 2_000 : 1_500, share: 80 },
    {
      name: OVERLOAD,
      load: 3,
      forMs: quick ? 1_000 : 2_000,
      pairs: quick ? { least: 1, most: 1 } : { least: 2, most: 3 },
      share: 40,
    },
  ],
  pairs: (quick) => (quick ? { least: 1, most: 2 } : METHOD),
  seconds: (quick) => (quick ? 15 : 125),
  shares: true,
  figures: () => [
    ratio('p50 ÷ raw start', 'p50Ms', 1.3),
    ratio('p99 ÷ raw start', 'p99Ms', 1.5),
    none(EXTRA, 'extra', HALF),
    none('answers that were none of those foreseen', 'odd', HALF),
    none('refusals without Retry-After, overloaded', 'unsaid', OVERLOAD),
    none('answers that were none of those foreseen, overloaded', 'odd', OVERLOAD),
    { name: 'p99, overloaded', kind: 'wall', value: (of) => of('engine', 'p99Ms', OVERLOAD), unit: 'ms' },
    { name: 'share refused, overloaded', kind: 'wall', value: (of) => of('engine', 'refused', OVERLOAD) },
  ],

  prepare: async ({ folder, seed, tell, shared }) => {
    const { temporal, namespace, client, peers } = await shared();
    const file = join(folder, 'api.json');
    writeFileSync(file, JSON.stringify({ ...configurationFor(peers, 1), users: users(USERS) }));
    const served = await startApi(temporal, namespace, file);
    const random = randomOf(seed);
    let next = 0;

    const raw = async (): Promise<Answered> => {
      const workflowId = `raw:${randomUUID()}`;
      await client.workflow.start('relocateApplication', { workflowId, taskQueue: 'nobody', args: [orderOf(next)] });
      return { status: 202, id: workflowId, retryAfter: false };
    };
    const rawPerSecond = await reached(raw);
    tell(`B8 api: raw starts reach ${rawPerSecond.toFixed(0)} in a second`);

    /** A new request, one of before once more, or nothing that could be understood; by its kind. */
    function drawn(sent: string[]): {
      readonly kind: 'new' | 'again' | 'garbage';
      readonly key: string;
      readonly body: object;
    } {
      const draw = random();
      if (draw < GARBAGE) return { kind: 'garbage', key: randomUUID(), body: { application: 7 } };
      const old = sent[Math.floor(random() * sent.length)];
      if (draw < GARBAGE + AGAIN && old !== undefined)
        return { kind: 'again', key: old, body: orderOf(Number(old.split('/')[1])) };
      next = (next + 1) % USERS;
      const key = `${randomUUID()}/${next}`;
      sent.push(key);
      return { kind: 'new', key, body: orderOf(next) };
    }

    async function storm(variant: string, perSecond: number, forMs: number): Promise<Values> {
      const sent: string[] = [];
      const runs = new Map<string, Set<string>>();
      const answers = await openLoop(perSecond, forMs, async () => {
        const { kind, key, body } = drawn(sent);
        const plainly = variant === 'raw' || (variant === 'no de-duplication' && kind !== 'garbage');
        const answer = plainly ? await raw() : await served.post(body, key);
        const known = runs.get(key) ?? new Set();
        if (answer.id !== undefined) runs.set(key, known.add(answer.id));
        return { kind, answer };
      });
      const late = answers.filter(({ answer: { kind } }) => kind !== 'garbage').map(({ lateMs }) => lateMs);
      const refusals = answers
        .map(({ answer }) => answer.answer)
        .filter(({ status }) => status === 429 || status === 503);
      const foreseen = ({ kind, answer: { status } }: (typeof answers)[number]['answer']): boolean =>
        [429, 503].includes(status) || (kind === 'garbage' && variant !== 'raw' ? status === 400 : status === 202);
      return {
        p50Ms: percentile(late, 0.5),
        p99Ms: percentile(late, 0.99),
        // A raw start knows of no keys: nothing is asked of it here
        extra: variant === 'raw' ? 0 : [...runs.values()].reduce((sum, ids) => sum + ids.size - 1, 0),
        odd: answers.filter(({ answer }) => !foreseen(answer)).length,
        unsaid: refusals.filter(({ retryAfter }) => !retryAfter).length,
        refused: refusals.length / answers.length,
        perSecond,
      };
    }

    return {
      sample: async (variant, { load, forMs }) => {
        const perSecond = load * rawPerSecond;
        return load < 1
          ? await storm(variant, Math.min(MOST_PER_SECOND, perSecond), forMs)
          : await storm(variant, perSecond, Math.max(forMs, (FLOOD * 1_000) / perSecond));
      },
      stop: async () => await served.stop(),
    };
  },
};

/** How many of these go in a second, a few at a time. */
async function reached(work: () => Promise<unknown>): Promise<number> {
  const [lanes, forMs] = [16, 2_000];
  const begun = performance.now();
  let done = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() - begun < forMs) {
      await work();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return (done * 1_000) / (performance.now() - begun);
}
