import type { Logger } from 'pino';
import type { Due } from '../../activities/federation/ports.ts';
import { subscriptions, type SystemUpdateNotification } from '../../protocols/mec040/members.ts';
import { Exchange, type PeerAddress } from '../http.ts';

const TIMEOUT_MS = 4_000;
/** More callbacks than one deployment has: the oldest connections go. */
const KEPT = 200;

type TlsOf = (client: string) => PeerAddress['tls'];

/** Tells subscribers what has changed (MEC 040, 6.4.2). `tlsOf`: each is a MEO, and trusted as that one is. */
export function callbacks(tlsOf: TlsOf, log: Logger): (due: Due, signal: AbortSignal) => Promise<void> {
  const exchanges = new Map<string, Exchange>();

  const exchangeWith = (client: string, origin: string): Exchange => {
    const key = `${client} ${origin}`;
    const exchange =
      exchanges.get(key) ?? new Exchange({ name: client, url: origin, timeoutMs: TIMEOUT_MS, tls: tlsOf(client) }, log);
    exchanges.delete(key);
    exchanges.set(key, exchange);
    const [oldest] = exchanges.keys();
    if (exchanges.size > KEPT && oldest !== undefined) exchanges.delete(oldest);
    return exchange;
  };

  return async (due, signal) => {
    const { origin, pathname, search } = new URL(due.callback);
    const call = { method: 'POST', path: `${pathname}${search}`, json: notificationOf(due) } as const;
    await exchangeWith(due.client, origin).ask(call, signal);
  };
}

const notificationOf = ({ notices, root, subscription }: Due): SystemUpdateNotification => ({
  notificationType: 'SystemUpdateNotification',
  updatedSystemInfo: notices.map(({ system, name, provider }) => ({
    systemId: system,
    systemName: name,
    systemProvider: provider,
  })),
  _links: { subscription: { href: `${root}${subscriptions}/${subscription}` } },
});
