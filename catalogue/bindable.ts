import { sql } from 'kysely';
import type { Candidate } from '../activities/federation/consumption.ts';
import type { Federation } from '../configuration/federation.ts';
import { Refusal } from '../domain/failures.ts';
import type { Wish } from '../domain/wish.ts';
import { asking, type Catalogue } from './database.ts';
import { candidates } from './finding.ts';
import type { OfferKind } from './tables.ts';
import { usableAgreements } from './usable.ts';

/** What may be bound: offers of partners, as they are chosen of, and ours, by the ids that partners were told. */

/** Offers of usable partners, as they are chosen of. Our own are consumed over Mp1, as MEC 011 has it. */
export async function candidatesOf(
  catalogue: Catalogue,
  federation: Federation,
  wish: Wish,
): Promise<readonly Candidate[]> {
  const { partners } = federation;
  const theirs = await usableAgreements(catalogue, federation);
  const partnerOf = new Map(theirs.map(({ id, partner }) => [id, partners[partner]]));
  const found = await candidates(catalogue, wish, { ours: [], theirs });
  return found.map(({ offer, agreement, operator, achievableMs, transport }) => {
    const partner = partnerOf.get(agreement ?? '');
    return {
      offer,
      agreement,
      achievableMs,
      transport,
      viaBroker: operator !== partner?.operator,
      preference: partner?.preference ?? 0,
    };
  });
}

/** An offer of ours, by the id that a partner was told; undefined: it is gone, or was never told under this agreement. */
export async function offerBehind(
  catalogue: Catalogue,
  agreement: string,
  alias: string,
): Promise<OfferOfOurs | undefined> {
  const { rows: found } = await asking(
    sql<OfferOfOurs>`
      select offer.id, offer.kind, offer.name, offer.transport, system.local as system, platform.foreign_id as platform
      from alias join offer on offer.id = alias.inner_id
      join platform on platform.id = offer.platform join system on system.id = offer.system
      where alias.id = ${alias}::uuid and alias.agreement = ${agreement}::uuid and alias.kind = 'offer'
        and offer.agreement is null and offer.state = 'ACTIVE' and system.local is not null
        and coalesce(offer.valid_until > now(), true)`.execute(catalogue),
  );
  return found[0];
}

interface OfferOfOurs {
  readonly id: string;
  readonly kind: OfferKind;
  readonly name: string;
  readonly transport: string | null;
  readonly system: string;
  readonly platform: string;
}

/** Of a partner's. NothingFound: it is gone. */
export async function offered(catalogue: Catalogue, offer: string): Promise<Offered> {
  const { rows: found } = await asking(
    sql<Offered>`select offer.agreement, offer.kind, offer.name, system.operator, agreement.partner
      from offer join system on system.id = offer.system join agreement on agreement.id = offer.agreement
      where offer.id = ${offer}::uuid`.execute(catalogue),
  );
  if (found[0] === undefined) throw new Refusal('NothingFound', 'it is not offered any more');
  return found[0];
}

interface Offered {
  readonly agreement: string;
  readonly kind: OfferKind;
  readonly name: string;
  readonly operator: string;
  readonly partner: string;
}
