import type { Path } from '../catalogue/paths.ts';
import type { Federation } from '../configuration/federation.ts';
import { mayUse } from '../domain/policy.ts';
import { REST } from '../protocols/mpp/path.ts';

/**
 * `absent`: there is none, or none that this partner may know of. `idle`: the producer does not offer it now. `opening`: it may
 * be looked at, and is not used yet.
 */
export type Verdict = 'open' | 'opening' | 'absent' | 'suspended' | 'idle';

/** Our will alone, at each end; at the producer's also today's policy, and what is offered there today. */
export function judged(path: Path | undefined, { partners, shares }: Pick<Federation, 'partners' | 'shares'>): Verdict {
  const partner = path === undefined ? undefined : partners[path.partner];
  if (path === undefined || partner === undefined || !path.agreed || path.state === 'closed') return 'absent';
  const ours = path.ours ?? (path.side === 'consumer' && partner.join !== 'always' ? 'ended' : 'open');
  if (ours === 'ended') return 'absent';
  if (path.side === 'consumer') return ours === 'suspended' ? ours : path.state === 'open' ? 'open' : 'opening';
  const { system: of, partner: whom, kind, offer: name } = path;
  if (path.state === 'admitting' || !mayUse(shares, { of, with: whom, kind, name })) return 'absent';
  if (ours === 'suspended') return ours;
  const carried = path.transport === REST && path.endpoint !== null && URL.canParse(path.endpoint);
  return path.state_of_offer === 'ACTIVE' && carried ? 'open' : 'idle';
}
