import type { Logger } from 'pino';
import { failure } from '../../activities/failure.ts';
import type { Partner } from '../../activities/federation/ports.ts';
import { isAgreed } from '../../domain/agreed-host.ts';
import type { Will } from '../../domain/federation.ts';
import { type Credentials, Exchange, type PeerAddress } from '../http.ts';

/** As E/WBI has it (partnerStatusLink, FEDERATION/STATUS). */
const statuses = { open: 'AVAILABLE', suspended: 'LOCKED', ended: 'NOT_AVAILABLE' } as const satisfies Record<
  Will,
  string
>;

export interface StatusMeans {
  readonly name: string;
  /** Whatever link it gave us leads to one of these. */
  readonly hosts: readonly string[];
  readonly insecure: boolean;
  readonly timeoutMs: number;
  readonly tls?: PeerAddress['tls'];
  readonly credentials: Credentials;
}

/** Tells a partner what we will of its use of us: by the link that it gave, which is checked again when it is used. */
export function statusCallback(means: StatusMeans, log: Logger): Pick<Partner, 'tellWill'> {
  const exchanges = new Map<string, Exchange>();
  const { name, hosts, insecure, timeoutMs, tls, credentials } = means;

  const leading = (link: string | null): URL => {
    const url = link !== null && URL.canParse(link) ? new URL(link) : undefined;
    const known = url !== undefined && isAgreed(hosts, url);
    if (!known || (url.protocol !== 'https:' && !(insecure && url.protocol === 'http:')))
      throw failure('PeerRejected', `${name}: its partnerStatusLink leads to none of its hosts, and is not called`);
    return url;
  };

  return {
    async tellWill({ context, callbackUrl }, will, at, signal) {
      const { origin, pathname, search } = leading(callbackUrl);
      const exchange = exchanges.get(origin) ?? new Exchange({ name, url: origin, timeoutMs, tls }, log, credentials);
      exchanges.set(origin, exchange);
      await exchange.ask(
        {
          method: 'POST',
          path: `${pathname}${search}`,
          label: '{partnerStatusLink}',
          json: {
            federationContextId: context,
            objectType: 'FEDERATION',
            operationType: 'STATUS',
            federationStatus: statuses[will],
            modificationDate: at.toISOString(),
          },
        },
        signal,
      );
    },
  };
}
