import type { Federation } from '../configuration/federation.ts';
import { Refusal } from '../domain/failures.ts';
import { type Direction, directions, type FederationCommand, type Will } from '../domain/federation.ts';
import { type Catalogue, inOne } from './database.ts';
import { note } from './ledger.ts';
import { decide, willTowards } from './wills.ts';
import type { LedgerKind } from './tables.ts';

/** What each command makes of which wills; what is so already stays. */
const commands = {
  join: { ours: 'open', over: ['ended'], kind: undefined },
  suspend: { ours: 'suspended', over: ['open'], kind: 'suspended' },
  resume: { ours: 'open', over: ['suspended'], kind: 'resumed' },
  leave: { ours: 'ended', over: ['open', 'suspended'], kind: undefined },
} as const satisfies Record<FederationCommand, { ours: Will; over: readonly Will[]; kind: LedgerKind | undefined }>;

/**
 * Our operator decides; each program enforces it from now on, whatever the partner, Temporal or the worker do. With its line in
 * the ledger, or not at all. NotFederated: there is nothing to suspend or resume.
 */
export async function command(
  catalogue: Catalogue,
  { partners, operator }: Pick<Federation, 'partners' | 'operator'>,
  {
    partner,
    direction,
    command: name,
  }: { partner: string; direction?: Direction | undefined; command: FederationCommand },
): Promise<void> {
  const { ours, over, kind } = commands[name];
  const both = direction === undefined ? directions : [direction];
  await inOne(catalogue, async (transaction) => {
    const ended: Direction[] = [];
    for (const each of both) {
      const joins = partners[partner]?.join === 'always';
      const before = await willTowards(transaction, { partner, direction: each, joins });
      if (before.ours === 'ended' && kind !== undefined) ended.push(each);
      if (!(over as readonly Will[]).includes(before.ours)) continue;
      const changed = await decide(transaction, { partner, direction: each, ours, why: 'operator' }, over);
      if (!changed || kind === undefined) continue;
      const { since } = await willTowards(transaction, { partner, direction: each, joins });
      await note(transaction, {
        partner,
        kind,
        role: each === 'uses' ? 'asked' : 'served',
        key: `${each} ${since?.toISOString() ?? ''}`,
        origin: operator.id,
        what: { direction: each },
        outcome: ours,
      });
    }
    if (ended.length === both.length)
      throw new Refusal('NotFederated', `our will towards ${partner} is ended: there is nothing to ${name}`);
  });
}
