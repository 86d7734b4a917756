import { NOT_NAMED, type Will } from '../../domain/federation.ts';
import { learnZones } from './accept-zones.ts';
import { learnSystems, heardOf } from './exchange-systems.ts';
import type { Agreement, Partner, Standing } from './ports.ts';
import { endBindings, tendBindings } from './tend-bindings.ts';
import { contextOf, type FederationMeans, isPartners, type PartnerNamed, step, tellNews } from './step.ts';

/** How one direction stands, for people. No context, no key. */
export interface Told {
  readonly ours: Will;
  readonly theirs: Will | null;
  readonly joined: boolean;
  readonly silentSince: string | null;
  readonly problem: string | null;
}

export interface Tended {
  /** `zones`: the partner offers others than it did. `over`: no agreement is left, and none is wanted. */
  readonly next: 'wait' | 'join' | 'zones' | 'leave' | 'over';
  readonly uses: Told | null;
  readonly serves: Told | null;
  readonly pace: FederationMeans['pace'];
}

type Look = Awaited<ReturnType<FederationMeans['facts']['look']>>;

/** How a problem with bindings begins, so that it goes when they are well and no other one does. */
const BOUND = 'what is bound: ';

const NOTHING = { any: false, problem: null };

export const tending = (means: FederationMeans) => {
  const { facts, pace } = means;

  /** What comes next of using them; asks nothing unless our operator wills it. */
  const using = async (
    partner: Partner,
    { ours, agreement, forgotten }: Standing,
    at: Date,
    signal: AbortSignal,
  ): Promise<'wait' | 'join' | 'zones' | 'leave'> => {
    if (agreement === null) return ours === 'open' ? 'join' : 'wait';
    if (forgotten && ours !== 'suspended') {
      await facts.end(agreement, `${partner.name} was silent for too long`);
      return 'wait';
    }
    if (ours !== 'open') return ours === 'ended' ? 'leave' : 'wait';
    if (agreement.context === null) return 'join';
    try {
      return await monitor(partner, agreement, at, signal);
    } catch (error) {
      if (!isPartners(error, signal)) throw error;
      await facts.silent(agreement, at, error.message);
      return 'wait';
    }
  };

  const monitor = async (
    partner: Partner,
    agreement: Agreement,
    at: Date,
    signal: AbortSignal,
  ): Promise<'wait' | 'join' | 'zones'> => {
    const relation = await partner.relation(contextOf(agreement), signal);
    if (relation === 'gone' || relation.theirs === 'ended') {
      await facts.end(agreement, `${partner.name} has ended it, or lost it`);
      return 'join';
    }
    await facts.heard(agreement, at, heardOf(agreement, relation));
    if ((relation.theirs ?? agreement.theirs) === 'suspended') return 'wait';
    if (agreement.joinedAt === null) return 'join';
    await learnSystems(means, { agreement, partner, relation }, signal);
    return (await learnZones(means, { agreement, partner, relation }, signal)) ? 'zones' : 'wait';
  };

  /** They hear what we will of their use of us. What is enforced is the will itself, by whoever is asked. */
  const serving = async (
    partner: Partner,
    { ours, agreement, forgotten }: Standing,
    at: Date,
    signal: AbortSignal,
  ): Promise<void> => {
    if (agreement === null) return;
    if (agreement.callbackUrl !== null && (agreement.toldWill ?? 'open') !== ours)
      try {
        await partner.tellWill(agreement, ours, at, signal);
        await facts.willTold(agreement, ours);
        if (agreement.problem !== null) await facts.problem(agreement, null);
      } catch (error) {
        if (!isPartners(error, signal)) throw error;
        await facts.problem(agreement, error.message);
      }
    if (ours === 'ended') await facts.end(agreement, 'our operator left');
    else if (forgotten) await facts.end(agreement, `${partner.name} was silent for too long`);
  };

  /** What could not be put right of what is bound is told as any other problem with the partner, until it can. */
  const binding = async (name: string, now: Look, signal: AbortSignal): Promise<Look> => {
    if (means.consuming === undefined) return now;
    const problem = await tendBindings(means.consuming, { partner: name, context: usable(now.uses) }, signal);
    const agreement = now.uses.agreement ?? now.serves.agreement;
    const before = agreement?.problem ?? null;
    const told = problem === null ? null : `${BOUND}${problem}`;
    const isOthers = before !== null && !before.startsWith(BOUND);
    if (agreement === null || isOthers || told === before) return now;
    await facts.problem(agreement, told);
    return await facts.look(name);
  };

  /**
   * The configuration names it no more: what is bound ends, and goes from our own peers. How it is asked is not known any more, so
   * it hears of it as it asks us, and is refused.
   */
  const unnamed = async (name: string, signal: AbortSignal): Promise<Tended> => {
    const { uses, serves } = await facts.look(name);
    for (const { agreement } of [uses, serves]) if (agreement !== null) await facts.end(agreement, NOT_NAMED);
    await tellNews(means);
    const { consuming } = means;
    const left = consuming === undefined ? NOTHING : await endBindings(consuming, name, signal);
    const told = (standing: Standing): Told => ({ ...toldOf({ ...standing, agreement: null }), problem: left.problem });
    return { next: left.any ? 'wait' : 'over', uses: told(uses), serves: told(serves), pace };
  };

  return {
    /**
     * Monitoring (5.1.2 level 1): what is, what is wanted; converges, and says what has to be done. Looks anew each time and so
     * is harmless when it runs twice. Nothing to undo.
     */
    tendPartner: async ({ partner: name }: PartnerNamed): Promise<Tended> =>
      await step(async (signal) => {
        const partner = means.partner(name);
        if (partner === undefined) return await unnamed(name, signal);
        const { at, uses, serves } = await facts.look(name);
        await serving(partner, serves, at, signal);
        const next = await using(partner, uses, at, signal);
        await facts.forget();
        await tellNews(means);
        const now = await binding(name, await facts.look(name), signal);
        const wanted = now.uses.ours === 'open' || now.serves.ours === 'open';
        const left = now.uses.agreement !== null || now.serves.agreement !== null;
        return {
          next: wanted || left ? next : 'over',
          uses: toldOf(now.uses),
          serves: toldOf(now.serves),
          pace,
        };
      }),
  };
};

/** The context under which it may be asked now. */
const usable = ({ ours, agreement }: Standing): string | null =>
  ours === 'open' && agreement?.theirs === 'open' && agreement.silentSince === null ? agreement.context : null;

const toldOf = ({ ours, agreement }: Standing): Told => ({
  ours,
  theirs: agreement?.theirs ?? null,
  joined: agreement?.joinedAt != null,
  silentSince: agreement?.silentSince?.toISOString() ?? null,
  problem: agreement?.problem ?? null,
});
