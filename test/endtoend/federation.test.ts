import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SystemList } from '../../api/resources.ts';
import { eventually } from '../support/eventually.ts';
import { claimNetwork } from '../support/network.ts';
import { type Operator, Pair } from '../support/pair.ts';

/** Two operators' Ferrys, from nothing: what each does to join the other, and what becomes of that when parts of it die. */
const { net: NETWORK } = await claimNetwork();
const LIMIT_MS = 60_000;

interface Agreement {
  readonly direction: 'uses' | 'serves';
  readonly context: string | null;
  readonly theirs: string | null;
  readonly joined: boolean;
  readonly silent: boolean;
  readonly problem: string | null;
}

let pair: Pair;
beforeAll(async () => {
  pair = await Pair.set(NETWORK);
}, 120_000);
afterAll(async () => await pair?.strike());

/** Agreements that hold, as an operator's catalogue has them. */
const agreements = async (operator: Operator): Promise<Agreement[]> =>
  await pair.rows<Agreement>(
    operator,
    `select direction, context, theirs, problem, joined_at is not null as joined, silent_since is not null as silent
       from agreement where ended_at is null order by direction`,
  );

const contextOf = (held: readonly Agreement[], direction: Agreement['direction']): string | null =>
  held.find((one) => one.direction === direction)?.context ?? null;

/** Names of the partner's systems, as this operator sees them. */
const seenBy = async (operator: Operator): Promise<string[]> => {
  const { body } = await pair.ask<SystemList>(operator, '/v1/systems?limit=100');
  return body.systems.flatMap(({ partner, name }) => (partner === null ? [] : [name])).toSorted();
};

const shared = { 'operator-a': ['cellular', 'wifi'], 'operator-b': ['metro'] } as const;

/** Each uses and serves the other under one context, sees its systems, and has no problem with it. */
async function joined(): Promise<{ a: string | null; b: string | null }> {
  let last: unknown;
  await eventually(
    async () => {
      try {
        const [a, b] = [await agreements(pair.a), await agreements(pair.b)];
        const [seenByA, seenByB] = [await seenBy(pair.a), await seenBy(pair.b)];
        last = { a, b, seenByA, seenByB };
        const whole = [a, b].every(
          (held) =>
            held.length === 2 &&
            held.every(({ context, silent, problem }) => context !== null && !silent && problem === null) &&
            held.some(({ direction, joined: done }) => direction === 'uses' && done),
        );
        return (
          whole &&
          contextOf(a, 'uses') === contextOf(b, 'serves') &&
          contextOf(b, 'uses') === contextOf(a, 'serves') &&
          `${seenByA.join()} ${seenByB.join()}` === `${shared['operator-b'].join()} ${shared['operator-a'].join()}`
        );
      } catch (error) {
        last = error;
        return false;
      }
    },
    LIMIT_MS,
    250,
  ).catch(() => {
    throw new Error(`they have not joined: ${JSON.stringify(last, null, 1)} ${String(last)}`);
  });
  return { a: contextOf(await agreements(pair.a), 'uses'), b: contextOf(await agreements(pair.b), 'uses') };
}

describe('two operators', () => {
  it('join each other from nothing, and see each other’s systems', async () => {
    await joined();
  });
});
