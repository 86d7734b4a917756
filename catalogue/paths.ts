import { type RawBuilder, sql } from 'kysely';
import type { BindingSide, BindingState } from '../domain/binding.ts';
import type { Will } from '../domain/federation.ts';
import { asking, type Catalogue } from './database.ts';

/** A binding as a gateway judges it: what it is, what we want of its partner, and what stands behind it here. */
export interface Path {
  readonly id: string;
  readonly name: string;
  readonly side: BindingSide;
  readonly state: BindingState;
  readonly partner: string;
  /** The agreement that it is under holds. */
  readonly agreed: boolean;
  /** Null: nobody has ever said anything. */
  readonly ours: Will | null;
  /** The partner's gateway, as it has told. */
  readonly gateway: string | null;
  readonly system: string;
  readonly platform: string;
  readonly kind: 'service' | 'application';
  readonly offer: string;
  /** Of a consumer. */
  readonly secret: string | null;
  /** Of the producer: what it offers now; null: it is gone. */
  readonly state_of_offer: 'ACTIVE' | 'INACTIVE' | 'SUSPENDED' | null;
  readonly transport: string | null;
  readonly endpoint: string | null;
}

/** What was not seen for so long is not offered any more; whoever tends the binding finds another, or closes it. */
export const UNSEEN = '2 minutes';

/** Of the consumer: the address that applications call ends with it. */
export const pathOfSecret = async (catalogue: Catalogue, secret: string): Promise<Path | undefined> =>
  (await pathsWhere(catalogue, sql`binding.path_secret = ${secret}`))[0];

/** Of the producer, under the agreement that holds with that partner. */
export const pathOfName = async (
  catalogue: Catalogue,
  { partner, name }: { readonly partner: string; readonly name: string },
): Promise<Path | undefined> =>
  (
    await pathsWhere(
      catalogue,
      sql`binding.side = 'producer' and binding.name = ${name} and binding.agreement =
        (select id from agreement where partner = ${partner} and direction = 'serves' and ended_at is null)`,
    )
  )[0];

export const pathsOf = async (catalogue: Catalogue, ids: readonly string[]): Promise<readonly Path[]> =>
  ids.length === 0 ? [] : await pathsWhere(catalogue, sql`binding.id = any(${ids}::uuid[])`);

/** Tombstones are no paths. */
async function pathsWhere(catalogue: Catalogue, where: RawBuilder<unknown>): Promise<readonly Path[]> {
  const { rows } = await asking(
    sql<Path>`
      select binding.id, binding.name, binding.side, binding.state, agreement.partner,
        agreement.ended_at is null as agreed, will.ours, agreement.capabilities ->> 'gateway' as gateway,
        binding.system, binding.platform, binding.kind, binding.offer_name as offer, binding.path_secret as secret,
        offer.state as state_of_offer, offer.transport, offer.endpoint
      from binding
      join agreement on agreement.id = binding.agreement
      left join will on will.partner = agreement.partner and will.direction = agreement.direction
      left join offer on binding.side = 'producer' and offer.id = binding.offer and offer.agreement is null
        and coalesce(offer.valid_until > now() - ${UNSEEN}::interval, true)
      where binding.kind is not null and ${where}`.execute(catalogue),
  );
  return rows;
}
