import type { SystemList } from '../../api/resources.ts';
import { eventually } from './eventually.ts';
import type { Operator, Pair } from './pair.ts';

/** An agreement that holds, as an operator's catalogue has it. */
export interface Agreement {
  readonly direction: 'uses' | 'serves';
  readonly context: string | null;
  readonly theirs: string | null;
  readonly joined: boolean;
  readonly silent: boolean;
  readonly problem: string | null;
  readonly heard: Date | null;
}

const LIMIT_MS = 60_000;
const LOOK_MS = 250;

/** By operator: the names of the systems that it shares. */
export const shared: Readonly<Record<string, string>> = { 'operator-a': 'cellular,wifi', 'operator-b': 'metro' };

export const agreements = async (pair: Pair, operator: Operator): Promise<Agreement[]> =>
  await pair.rows<Agreement>(
    operator,
    `select direction, context, theirs, problem, heard_at as heard,
            joined_at is not null as joined, silent_since is not null as silent
       from agreement where ended_at is null order by direction`,
  );

/** How an operator uses its partner now. */
export const use = async (pair: Pair, operator: Operator): Promise<Agreement | undefined> =>
  (await agreements(pair, operator)).find(({ direction }) => direction === 'uses');

/** Names of the partner's systems, as this operator sees them. */
export async function seenBy(pair: Pair, operator: Operator): Promise<string> {
  const { body } = await pair.ask(operator, '/v1/systems?limit=100');
  return (body as SystemList).systems
    .flatMap(({ partner, name }) => (partner === null ? [] : [name]))
    .toSorted()
    .join(',');
}

/** Awaits a condition; what asks what is dead for the moment is asked again, and what was seen last is told. */
export async function comes<T>(look: () => Promise<T>, wanted: (seen: T) => boolean, limitMs = LIMIT_MS): Promise<T> {
  let last: T | undefined;
  let failed = '';
  await eventually(
    async () => {
      try {
        last = await look();
        failed = '';
        return wanted(last);
      } catch (error) {
        failed = String(error);
        return false;
      }
    },
    limitMs,
    LOOK_MS,
  ).catch(() => {
    throw new Error(`it never came about: ${JSON.stringify(last, null, 1)} ${failed}`);
  });
  return last as T;
}

/** The contexts under which A uses B, and B uses A. */
export interface Contexts {
  readonly a: string | null;
  readonly b: string | null;
}

/** Each uses and serves the other, under one agreement and context; hears it, sees its systems, and has no problem with it. */
export async function joined(pair: Pair): Promise<Contexts> {
  const look = async () => ({
    a: { held: await agreements(pair, pair.a), sees: await seenBy(pair, pair.a) },
    b: { held: await agreements(pair, pair.b), sees: await seenBy(pair, pair.b) },
  });
  const { a, b } = await comes(look, ({ a: ofA, b: ofB }) => {
    const [serves, uses] = ofA.held;
    const [theirs, ours] = ofB.held;
    const whole = [ofA, ofB].every(
      ({ held }) =>
        held.length === 2 &&
        held.every(({ context, silent, problem }) => context !== null && !silent && problem === null) &&
        held[1]?.joined === true,
    );
    const alike = serves?.context === ours?.context && uses?.context === theirs?.context;
    return whole && alike && ofA.sees === shared['operator-b'] && ofB.sees === shared['operator-a'];
  });
  return { a: a.held[1]?.context ?? null, b: b.held[1]?.context ?? null };
}
