import type { Logger } from 'pino';
import type { Producers } from '../../activities/federation/consumption.ts';
import { failure } from '../../activities/failure.ts';
import { type MecService, mecServices } from '../../protocols/mec-services/service.ts';
import { isUnreadable, listOf, readOne } from '../mec-services/collection.ts';
import { Acquaintances } from '../mec-services/memory.ts';
import { withoutQuery } from '../call.ts';
import { Exchange, GONE } from '../http.ts';

const PATIENCE_MS = 10_000;
/** So many of a collection are read at once. */
const AT_ONCE = 8;

/** At the end of a URL, in whichever member it stands: what may be a callback of ours. */
const CALLBACK = /\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"/g;

/**
 * Whatever services are offered: of a subscription its URL is known, and that it names the callback. Those of others are read once,
 * so that what is not looked through in one round the next one goes on with.
 */
export const producersOver = (log: Logger): Producers => {
  const others = new Acquaintances<readonly string[]>();
  return {
    async unsubscribe(url, signal) {
      const { exchange, path } = at(url, log);
      await exchange.ask({ method: 'DELETE', path, label: '{subscription}', alsoExpect: GONE }, signal);
    },

    async notifying(collection, callback, signal) {
      const { exchange, path: asked, origin } = at(collection, log);
      const path = withoutQuery(asked).replace(/\/$/, '');
      const listed = await listOf(exchange, { path, service: serviceAt(path), types: {} }, signal);
      if (listed.is === 'absent') return [];
      if (listed.is === 'closed')
        throw failure(
          'PeerRejected',
          `a subscription may be left at a producer that does not list them: ${listed.told}`,
        );
      const entries = new Map([...listed.entries].map(([id, entry]) => [`${origin}${id}`, { id, entry }]));
      others.keepOnly(`${origin}${path}`, entries);
      const all = [...entries];
      const found: string[] = [];
      for (let from = 0; from < all.length; from += AT_ONCE) {
        const read = all.slice(from, from + AT_ONCE).map(async ([url, { id, entry }]) => {
          const shown = namedIn(entry);
          const named = shown.includes(callback) ? shown : (others.whose(url) ?? (await namesOf(exchange, id, signal)));
          if (named.includes(callback)) found.push(url);
          else others.remember(url, named);
        });
        await Promise.all(read);
      }
      for (const url of found) others.forget(url); // it is ended, and its name may be given to another one
      return found;
    },
  };
};

const namedIn = (entry: object): readonly string[] =>
  [...JSON.stringify(entry).matchAll(CALLBACK)].map(([, id = '']) => id);

async function namesOf(exchange: Exchange, id: string, signal: AbortSignal): Promise<readonly string[]> {
  const read = await readOne(exchange, id, signal);
  if (!isUnreadable(read)) return namedIn(read);
  if (read.unreadable === 500) throw failure('PeerUnavailable', 'a producer does not show one of its subscriptions');
  return []; // gone, or shown to nobody but its subscriber
}

function at(url: string, log: Logger): { readonly exchange: Exchange; readonly path: string; readonly origin: string } {
  const { origin, pathname, search } = new URL(url);
  const exchange = new Exchange({ name: 'a producer', url: origin, timeoutMs: PATIENCE_MS }, log);
  return { exchange, path: `${pathname}${search}`, origin };
}

/** Some have to be asked for their lists in a way of their own. */
const serviceAt = (path: string): MecService =>
  mecServices.find(({ bases }) => bases.some((base) => path.includes(base))) ?? unknown;
const unknown: MecService = { name: 'unknown', title: 'a service', bases: [], collections: {} };
