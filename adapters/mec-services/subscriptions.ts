import { z } from 'zod';
import { failure } from '../../activities/failure.ts';
import type { Looking, Owner, Owning, Subscriptions, SubscriptionsSeen } from '../../activities/ports.ts';
import { atOnce } from '../../domain/at-once.ts';
import { fulfils, type HeldSubscription, type NotCarried, type Subscription } from '../../domain/subscription.ts';
import { type MecService, mecServices } from '../../protocols/mec-services/service.ts';
import { hrefOf, typeOf, unwrapped } from '../../protocols/mec-services/shapes.ts';
import { type Exchange, GONE } from '../http.ts';
import { missingServices } from '../mec011/services.ts';
import { stillHeld } from './by-id.ts';
import { ABSENT, idOf, isUnreadable, listOf, type Place, placesOf, readOne } from './collection.ts';
import { Acquaintances } from './memory.ts';
import { belongs, mayBelong, OTHER_TYPE, recordOf, requestOf, toldBy, typeIn, whose } from './record.ts';
import { readBack } from './read-back.ts';

const AT_ONCE = 6;
/** Most of the places do not exist at any one platform, which is told at once. */
const PLACES_AT_ONCE = 12;
const REFUSALS = [400, 403, 409, 422];
const EXISTS = 409;
/** Others' may be hidden from us. */
const HIDDEN = [401, 403];
const BROKEN = 500;

type Created = Awaited<ReturnType<Subscriptions['create']>>;

interface Seen extends Omit<SubscriptionsSeen, 'listed' | 'lists'> {
  readonly open: boolean;
}

/**
 * Subscriptions of application instances at the MEC services of one platform, as the table of
 * protocols/mec-services has them. `services`: those that are looked for.
 */
export const mecSubscriptions = (platform: Exchange, services: readonly MecService[] = mecServices): Subscriptions => {
  const known = new Acquaintances();

  /** What is the owner's in one place. `before`: the names of those that were, where its list was there. */
  async function look(place: Place, owner: Owning, signal: AbortSignal, before?: readonly string[]): Promise<Seen> {
    const { service, types, path } = place;
    const listed = await listOf(platform, place, signal);
    if (listed.is !== 'open' && before !== undefined)
      throw failure(
        'NotYet',
        `${listed.told}, and was a list earlier in this relocation: what is in it may be left behind`,
      );
    if (listed.is === 'absent') return { held: [], notCarried: [], open: false };
    const stays = (type: string | null, why: string): NotCarried => ({ service: service.title, type, why });
    if (listed.is === 'closed') return { held: [], notCarried: [stays(null, listed.told)], open: false };
    known.keepOnly(path, listed.entries);

    const isOwn = service.bases.some((base) => base.includes('{appInstanceId}'));
    // Of most it is known whose they are, and there may be ten thousand
    const maybeIts = [...listed.entries].filter(([id, entry]) => {
      if (isOwn) return true;
      const entryTells = toldBy(entry, typeIn(types, typeOf(entry)));
      if (entryTells !== undefined) known.remember(id, entryTells);
      return mayBelong(entryTells ?? known.whose(id), owner);
    });
    const seen = await atOnce(AT_ONCE, maybeIts, async ([id, entry]) => {
      const listedType = typeOf(entry);
      if (isOwn) return stays(listedType ?? 'subscription', OTHER_TYPE);
      const told = await known.told(id, signal);
      if (!mayBelong(told, owner)) return undefined;

      const wire = await known.reading(id, async () => {
        const read = await readOne(platform, id, signal);
        if (!isUnreadable(read)) known.remember(id, whose(read));
        else if (told === undefined && HIDDEN.includes(read.unreadable ?? 0)) known.remember(id, null);
        return read;
      });
      if (isUnreadable(wire)) {
        const { unreadable: status } = wire;
        if (status !== null && ABSENT.includes(status)) return undefined; // it vanished meanwhile
        if (told !== undefined) return stays(listedType ?? 'subscription', 'it may not be read');
        return status === BROKEN ? stays(null, `one of them cannot be read: ${path} answered ${status}`) : undefined;
      }
      if (!belongs(whose(wire), owner)) return undefined;
      const type = typeOf(wire) ?? listedType ?? 'subscription';
      const record = recordOf(service, typeIn(types, type), id, { ...wire, subscriptionType: type });
      return typeof record === 'string' ? stays(type, record) : record;
    });
    const its = seen.filter((each) => each !== undefined);
    const held = its.filter((each) => 'id' in each);
    const found = new Set(held.map(({ id }) => id));
    const unseen = before?.map((name) => `${path}/${name}`).filter((id) => !found.has(id)) ?? [];
    const still = await atOnce(AT_ONCE, unseen, async (id) => {
      const shown = listed.entries.has(id);
      return await stillHeld({ platform, place, id, shown, owner }, signal);
    });
    return {
      held: [...held, ...still.filter((each) => each !== undefined)],
      notCarried: its.filter((each): each is NotCarried => !('id' in each)),
      open: true,
    };
  }

  async function list(
    owner: Owning,
    signal: AbortSignal,
    { before = {}, among = () => true }: Looking = {},
  ): Promise<SubscriptionsSeen> {
    const places = services
      .flatMap((service) => placesOf(service, owner.instance))
      .filter(({ path, service, types }) => among({ path, service: service.name, types: Object.keys(types) }));
    const seen = await atOnce(PLACES_AT_ONCE, places, async (place) => ({
      ...place,
      ...(await look(place, owner, signal, before[place.path])),
    }));
    return {
      held: seen.flatMap(({ held }) => held),
      notCarried: seen.flatMap(({ notCarried }) => notCarried),
      listed: (like) =>
        seen.some(
          ({ open, service, types }) => open && service.name === like.service && Object.hasOwn(types, like.type),
        ),
      lists: Object.fromEntries(
        seen.flatMap(({ open, path, types, held }) =>
          // Nothing is carried of a list without types
          open && Object.keys(types).length > 0 ? [[path, held.map(({ id }) => id.slice(path.length + 1))]] : [],
        ),
      ),
    };
  }

  /** False: it was not there. */
  async function remove(id: string, signal: AbortSignal): Promise<boolean> {
    const { status } = await platform.ask({ method: 'DELETE', path: id, alsoExpect: GONE }, signal);
    known.forget(id);
    return status < 300;
  }

  async function isAnothers(id: string, owner: Owning, signal: AbortSignal): Promise<boolean> {
    const wire = await readOne(platform, id, signal).catch((error: unknown) => {
      if (signal.aborted) throw error;
      return { unreadable: null };
    });
    if (isUnreadable(wire)) return false;
    const its = whose(wire);
    const tells = its.subscriber !== null || (its.host !== null && owner.endpoint !== null);
    return tells && !belongs(its, owner);
  }

  /** The id of what was made, or what is there although nothing tells its id. */
  async function post(
    place: Place,
    owner: Owner,
    subscription: Subscription,
    from: Owner,
    signal: AbortSignal,
  ): Promise<'absent' | { readonly id: string; readonly told: string } | Created> {
    const type = typeIn(place.types, subscription.type);
    if (type === undefined) return 'absent';
    const move = { from: from.endpoint.host, to: owner.endpoint.host };
    const there = async (before: ReadonlySet<string> = new Set()): Promise<HeldSubscription | undefined> =>
      (await look(place, owner, signal)).held.find((each) => !before.has(each.id) && fulfils(each, subscription, move));

    const json = requestOf(place.service, type, subscription, { owner, from });
    const alsoExpect = [...ABSENT, ...REFUSALS];
    try {
      const { status, body, location, told } = await platform.ask(
        { method: 'POST', path: place.path, json, schema: z.unknown(), hint: true, alsoExpect },
        signal,
      );
      if (ABSENT.includes(status)) return 'absent';
      if (status < 300) {
        const id = idOf(place.path, hrefOf(unwrapped(body)) ?? location);
        if (id !== undefined) return { id, told };
        throw failure('PeerMalformed', `${told}, but does not tell which subscription it made`);
      }
      const held = status === EXISTS ? await there() : undefined;
      if (held !== undefined) return { held, made: false };
      throw failure('SubscriptionRefused', told);
    } catch (error) {
      // The answer may be lost, or say nothing, and the subscription made: it must not be lost too
      if (signal.aborted || !isLostAnswer(error)) throw error;
      const held = await there(known.ids).catch(() => undefined);
      if (held === undefined) throw error;
      return { held, made: true };
    }
  }

  return {
    list,
    async remove(id, signal, owner) {
      if (owner === undefined || !(await isAnothers(id, owner, signal))) await remove(id, signal);
    },
    missing: async (names, signal) => await missingServices(platform, names, signal),

    async lacking(subscriptions, signal) {
      const kinds = new Map(subscriptions.map((each) => [`${each.service} ${each.type}`, placesFor(each)]));
      const absent = new Set<string>();
      await atOnce(AT_ONCE, [...kinds], async ([kind, places]) => {
        for (const place of places) if ((await listOf(platform, place, signal)).is !== 'absent') return;
        absent.add(kind);
      });
      return subscriptions.filter(({ service, type }) => absent.has(`${service} ${type}`));
    },

    async create(owner, subscription, from, signal, left) {
      const move = { from: from.endpoint.host, to: owner.endpoint.host };
      for (const place of placesFor(subscription)) {
        const posted = await post(place, owner, subscription, from, signal);
        if (posted === 'absent') continue;
        if ('held' in posted) return posted;
        const { id, told } = posted;
        // A service may answer with one that was there, ours or, in its confusion, another's
        const made = known.whose(id) === undefined;
        try {
          const held = await readBack({ platform, place, id, owner, signal });
          if (held === 'unseen') throw failure('SubscriptionRefused', `${told}, but has not shown it for 2.5 s`);
          if (held !== undefined && fulfils(held, subscription, move)) return { held, made };
          throw failure('SubscriptionRefused', `${told}, but holds another subscription than it was given`);
        } catch (error) {
          // One that cannot be seen cannot be deleted either, and may be seen later
          const gone = made && !signal.aborted && (await remove(id, signal).catch(() => false));
          if (made && !gone) left?.(id);
          throw error;
        }
      }
      const { service, type } = subscription;
      throw failure('SubscriptionRefused', `a ${type} cannot be made: the platform has no service ${service} for it`);
    },
  };
};

/** Where subscriptions of this type lie. */
function placesFor({ service: name, type }: Subscription): readonly Place[] {
  const service = mecServices.find((each) => each.name === name);
  return service === undefined ? [] : placesOf(service, '').filter(({ types }) => Object.hasOwn(types, type));
}

const isLostAnswer = (error: unknown): boolean =>
  error instanceof Error && 'type' in error && (error.type === 'PeerUnavailable' || error.type === 'PeerMalformed');
