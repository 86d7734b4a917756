import { failure } from '../../activities/failure.ts';
import type { Owning } from '../../activities/ports.ts';
import type { HeldSubscription } from '../../domain/subscription.ts';
import { typeOf } from '../../protocols/mec-services/shapes.ts';
import { type Exchange, GONE } from '../http.ts';
import { isUnreadable, type Place, readOne } from './collection.ts';
import { belongs, recordOf, typeIn, whose } from './record.ts';

export interface Sought {
  readonly platform: Exchange;
  readonly place: Place;
  readonly id: string;
  /** Its list shows it, whatever it is by now. */
  readonly shown: boolean;
  readonly owner: Owning;
}

/**
 * A list is no witness of absence: what was the owner's before, and is not seen to be, is asked for by its id. Undefined:
 * it is gone, as both say, or somebody else's by now. NotYet: neither is known.
 */
export async function stillHeld(sought: Sought, signal: AbortSignal): Promise<HeldSubscription | undefined> {
  const { platform, place, id, shown, owner } = sought;
  const wire = await readOne(platform, id, signal);
  if (isUnreadable(wire)) {
    const { unreadable: status } = wire;
    if (!shown && status !== null && GONE.includes(status)) return undefined;
    throw unknown(sought, status === null ? 'answered with something that is no subscription' : `answered ${status}`);
  }
  const its = whose(wire);
  if (its.subscriber === null && its.host === null) throw unknown(sought, 'does not tell whose it is');
  // Without an address nobody can tell: it was its own before
  const isAsBefore = owner.endpoint === null && its.subscriber === null;
  if (!isAsBefore && !belongs(its, owner)) return undefined;
  const type = typeOf(wire);
  const record = recordOf(place.service, type === null ? undefined : typeIn(place.types, type), id, wire);
  if (typeof record === 'string') throw unknown(sought, `cannot be carried over as it is now: ${record}`);
  return record;
}

const unknown = ({ platform, id, owner, shown }: Sought, what: string): Error =>
  failure(
    'NotYet',
    `${platform.name}: instance ${owner.instance} had subscription ${id} earlier in this relocation; now it ${what}, and its list ${shown ? 'shows it' : 'does not show it'}. It may be left behind`,
  );
