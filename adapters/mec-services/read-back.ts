import { setTimeout as sleep } from 'node:timers/promises';
import type { Owner } from '../../activities/ports.ts';
import type { HeldSubscription } from '../../domain/subscription.ts';
import { typeOf } from '../../protocols/mec-services/shapes.ts';
import type { Exchange } from '../http.ts';
import { isUnreadable, type Place, readOne } from './collection.ts';
import { belongs, recordOf, typeIn, whose } from './record.ts';

/** A server may show what it made a second or two later: no standard promises that a write is read at once. */
const LOOKS = 7;
const PAUSE_MS = 20;

/** What was just made, as it is held; undefined: it is another one, or not for its owner. `unseen`: for two and a half seconds it was not there. */
export async function readBack({
  platform,
  place,
  id,
  owner,
  signal,
}: {
  readonly platform: Exchange;
  readonly place: Place;
  readonly id: string;
  readonly owner: Owner;
  readonly signal: AbortSignal;
}): Promise<HeldSubscription | 'unseen' | undefined> {
  for (let look = 0; look < LOOKS; look += 1) {
    const wire = await readOne(platform, id, signal);
    if (!isUnreadable(wire)) {
      if (!belongs(whose(wire), owner)) return undefined;
      const type = typeOf(wire);
      const record = type === null ? undefined : recordOf(place.service, typeIn(place.types, type), id, wire);
      return typeof record === 'string' ? undefined : record;
    }
    if (wire.unreadable !== 404) return undefined;
    await sleep(PAUSE_MS * 2 ** look, undefined, { signal });
  }
  return 'unseen';
}
