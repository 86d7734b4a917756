import type { Partner } from '../../configuration/federation.ts';
import { Malformed } from '../input.ts';

/** Whatever URL a partner gives us leads to one of its hosts: else we could be made to call anybody. Checked again when it is called. */
export function leading({ url, hosts = [new URL(url).host], insecure }: Partner, member: string, link: string): string {
  const to = URL.canParse(link) ? new URL(link) : undefined;
  if (to === undefined || !/^https?:$/.test(to.protocol)) throw wrong(member, 'is no URL');
  if (to.protocol === 'http:' && insecure !== true) throw wrong(member, 'is no https URL');
  if (to.username !== '' || to.password !== '') throw wrong(member, 'has a user');
  if (!hosts.includes(to.host) && !hosts.includes(to.hostname)) throw wrong(member, 'leads to no host agreed upon');
  return link;
}

const wrong = (member: string, message: string): Malformed =>
  new Malformed('body', [{ code: 'custom', path: [member], message, input: undefined }]);
