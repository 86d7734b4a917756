import type { Partner } from './federation.ts';

/** As much of a URL of another is kept, and called. */
const LONGEST = 2_000;

/** As it was given, and as it is called. */
export const isTooLong = (link: string, { href }: URL): boolean => Math.max(link.length, href.length) > LONGEST;

/** Whatever URL a partner gives us leads to one of its hosts: else we could be made to call anybody. Undefined: it does. */
export function mistakeInLink(
  { url, hosts = [new URL(url).host], insecure }: Pick<Partner, 'url' | 'hosts' | 'insecure'>,
  link: string,
): string | undefined {
  const to = URL.canParse(link) ? new URL(link) : undefined;
  if (to === undefined || !/^https?:$/.test(to.protocol)) return 'is no URL';
  if (isTooLong(link, to)) return `has more than ${LONGEST} characters`;
  if (to.protocol === 'http:' && insecure !== true) return 'is no https URL';
  if (to.username !== '' || to.password !== '') return 'has a user';
  return hosts.includes(to.host) || hosts.includes(to.hostname) ? undefined : 'leads to no host agreed upon';
}
