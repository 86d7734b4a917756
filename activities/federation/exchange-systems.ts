import { failure } from '../failure.ts';
import type { Agreement, Partner, Relation } from './ports.ts';
import { contextOf, endedThere, type FederationMeans, joiningStep, type PartnerNamed, tellNews } from './step.ts';

export const exchanging = (means: FederationMeans) => ({
  /**
   * 4 (level 1; 6.3.2): the relation, then the partner's systems into the catalogue. Nothing to undo: at the partner nothing
   * was changed, and what was learned ends with the agreement.
   */
  exchangeSystems: async ({ partner: name }: PartnerNamed): Promise<void> =>
    await joiningStep(means, name, async ({ partner, agreement, at }, signal) => {
      const { facts } = means;
      const relation = await partner.relation(contextOf(agreement), signal);
      if (relation === 'gone') throw await endedThere(facts, agreement);
      await facts.heard(agreement, at, heardOf(agreement, relation));
      if (relation.theirs !== null && relation.theirs !== 'open')
        throw failure('FederationSuspended', `${name}: its operator has suspended the federation`);
      await learnSystems(means, { agreement, partner, relation }, signal);
      await tellNews(means);
      await facts.joined(agreement);
    }),
});

/** A partner that speaks E/WBI only is open until a status callback says otherwise. */
export const heardOf = ({ theirs }: Agreement, relation: Relation) => ({
  linkMs: relation.linkMs,
  capabilities: relation.capabilities,
  theirs: relation.theirs ?? (theirs === null ? ('open' as const) : null),
});

/** Where they are others than when they were asked for last. */
export async function learnSystems(
  { facts }: FederationMeans,
  { agreement, partner, relation }: { agreement: Agreement; partner: Partner; relation: Relation },
  signal: AbortSignal,
): Promise<void> {
  if (relation.systemsTag === null || relation.systemsTag === agreement.systemsTag) return;
  const systems = await partner.systems(contextOf(agreement), agreement.systemsTag, signal);
  if (systems === 'gone') throw await endedThere(facts, agreement);
  if (systems === 'unchanged') return;
  await facts.systemsLearned(agreement, systems);
}
