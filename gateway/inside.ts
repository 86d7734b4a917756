import { isAddress, rangeOf, within } from '../configuration/addresses.ts';
import { mistakeInText } from '../configuration/links.ts';
import type { Configuration } from '../configuration/peers.ts';
import { hostOf } from './translation.ts';

type Described = Pick<Configuration, 'peers' | 'sites' | 'users' | 'federation'>;

/** Does a URL lead inside, of which partners are not to hear: to a peer, an instance, a user, the inner listener? */
export function insideOf({ peers, sites, users, federation }: Described): (url: URL) => boolean {
  const urls = Object.values(peers).flatMap((peer) => ('mfm' in peer ? [peer.url, peer.mfm ?? peer.url] : [peer.url]));
  const hosts = new Set(urls.map((url) => hostOf(new URL(url))));
  for (const { address } of Object.values(users)) hosts.add(address.toLowerCase());
  const ranges = Object.values(sites).map(({ addresses }) => rangeOf(addresses));
  const { gateway, url: listener } = federation ?? {};
  const inner = gateway === undefined ? undefined : new URL(gateway.inner);
  const outer = [gateway?.outer, listener].flatMap((each) => (each === undefined ? [] : [hostOf(new URL(each))]));
  if (inner !== undefined && !outer.includes(hostOf(inner))) hosts.add(hostOf(inner));
  return (url) => {
    const host = hostOf(url);
    if (url.host === inner?.host) return true; // one machine may face both sides
    return hosts.has(host) || (isAddress(host) && ranges.some((range) => within(range, host)));
  };
}

/** Why an application of that platform cannot be notified there; undefined: it can. */
export function mistakeInTarget(
  { sites }: Pick<Configuration, 'sites'>,
  at: { readonly system: string; readonly platform: string },
  target: string,
): string | undefined {
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return 'is no http URL';
  const odd = mistakeInText(target, url);
  if (odd !== undefined) return odd;
  if (url.username !== '' || url.password !== '') return 'carries a user';
  const host = hostOf(url);
  const near = Object.values(sites).some(
    (site) =>
      site.kind === 'mecHost' &&
      site.system === at.system &&
      site.host === at.platform &&
      isAddress(host) &&
      within(rangeOf(site.addresses), host),
  );
  return near ? undefined : 'is no address of an application at this platform';
}
