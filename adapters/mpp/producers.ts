import type { Logger } from 'pino';
import type { Producers } from '../../activities/federation/consumption.ts';
import { failure } from '../../activities/failure.ts';
import { type MecService, mecServices } from '../../protocols/mec-services/service.ts';
import { isUnreadable, listOf, readOne } from '../mec-services/collection.ts';
import { withoutQuery } from '../call.ts';
import { Exchange, GONE } from '../http.ts';

const PATIENCE_MS = 10_000;
/** So many of a collection are read at once. */
const AT_ONCE = 8;

/** Whatever services are offered: of a subscription its URL is known, and that it names the callback. */
export const producersOver = (log: Logger): Producers => ({
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
      throw failure('PeerRejected', `a subscription may be left at a producer that does not list them: ${listed.told}`);
    const ids = [...listed.entries.keys()];
    const found: string[] = [];
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      const read = ids.slice(from, from + AT_ONCE).map(async (id) => {
        if (await names(exchange, id, callback, signal)) found.push(`${origin}${id}`);
      });
      await Promise.all(read);
    }
    return found;
  },
});

/** In whichever member it stands. */
async function names(exchange: Exchange, id: string, callback: string, signal: AbortSignal): Promise<boolean> {
  const read = await readOne(exchange, id, signal);
  if (!isUnreadable(read)) return JSON.stringify(read).includes(`/${callback}"`);
  if (read.unreadable === 500) throw failure('PeerUnavailable', 'a producer does not show one of its subscriptions');
  return false; // gone, or shown to nobody but its subscriber
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
