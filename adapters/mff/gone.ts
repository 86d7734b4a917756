import { failure } from '../../activities/failure.ts';
import type { Answer } from '../http.ts';

/**
 * Does the partner say that it is not there? Whatever stands before a federator says 404 as well, while that is away: nothing has
 * ended then. A federator says it by a problem document (RFC 9457; E/WBI's has a title, too). PeerUnavailable.
 */
export function isGone({ status, body, told }: Answer<unknown>): boolean {
  if (status !== 404) return false;
  if (typeof body === 'object' && body !== null && 'title' in body) return true;
  throw failure('PeerUnavailable', `${told}, and not as a federator does: something in front of it may be awry there`);
}
