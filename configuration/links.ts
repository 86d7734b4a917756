import { isAgreed } from '../domain/agreed-host.ts';
import type { Partner } from './federation.ts';

/** As much of a URL of another is kept, and called. */
const LONGEST = 2_000;

/** Why a URL of another is not kept, as it was given and as it is called: a parser passes over what no database keeps. */
export function mistakeInText(link: string, { href }: URL): string | undefined {
  if (Math.max(link.length, href.length) > LONGEST) return `has more than ${LONGEST} characters`;
  return /[\p{Cc}\p{Cs}]/u.test(link) ? 'has characters that no URL has' : undefined;
}

/** Whatever URL a partner gives us leads to one of its hosts: else we could be made to call anybody. Undefined: it does. */
export function mistakeInLink(
  { url, hosts = [new URL(url).host], insecure }: Pick<Partner, 'url' | 'hosts' | 'insecure'>,
  link: string,
): string | undefined {
  const to = URL.canParse(link) ? new URL(link) : undefined;
  if (to === undefined || !/^https?:$/.test(to.protocol)) return 'is no URL';
  const odd = mistakeInText(link, to);
  if (odd !== undefined) return odd;
  if (to.protocol === 'http:' && insecure !== true) return 'is no https URL';
  if (to.username !== '' || to.password !== '') return 'has a user';
  return isAgreed(hosts, to) ? undefined : 'leads to no host agreed upon';
}
