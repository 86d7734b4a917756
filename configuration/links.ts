import type { Partner } from './federation.ts';

/** Whatever URL a partner gives us leads to one of its hosts: else we could be made to call anybody. Undefined: it does. */
export function mistakeInLink(
  { url, hosts = [new URL(url).host], insecure }: Pick<Partner, 'url' | 'hosts' | 'insecure'>,
  link: string,
): string | undefined {
  const to = URL.canParse(link) ? new URL(link) : undefined;
  if (to === undefined || !/^https?:$/.test(to.protocol)) return 'is no URL';
  if (to.protocol === 'http:' && insecure !== true) return 'is no https URL';
  if (to.username !== '' || to.password !== '') return 'has a user';
  return hosts.includes(to.host) || hosts.includes(to.hostname) ? undefined : 'leads to no host agreed upon';
}
