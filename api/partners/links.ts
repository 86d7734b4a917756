import type { Partner } from '../../configuration/federation.ts';
import { mistakeInLink } from '../../configuration/links.ts';
import { Malformed } from '../input.ts';

/** A URL that a partner gives us, as it stands in its body. Checked again when it is called. */
export function leading(partner: Partner, member: string, link: string): string {
  const message = mistakeInLink(partner, link);
  if (message === undefined) return link;
  throw new Malformed('body', [{ code: 'custom', path: [member], message, input: undefined }]);
}
