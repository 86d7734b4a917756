import { digest } from '../../configuration/digest.ts';
import { isStandby } from '../../domain/recovery.ts';
import { Refusal } from '../../domain/failures.ts';
import { relocationWorkflowId } from '../../domain/identity.ts';
import type { RelocationRequest } from '../../domain/relocation.ts';

/** What may stand in the way of a start, and how that is told. */

/**
 * The other relocations that may move some of the same users: of all users from the same source, or out of our target,
 * which would lead them back.
 */
export function around(request: RelocationRequest): string[] {
  const { users, source, target } = request;
  const own = relocationWorkflowId(request, digest);
  const ids = [source, target].flatMap((from) =>
    ['*', users].map((whose) => relocationWorkflowId({ ...request, source: from, users: whose }, digest)),
  );
  return [...new Set(ids)].filter((id) => id !== own);
}

const seeing = (id: string | undefined): string | undefined =>
  id === undefined ? undefined : `/v1/relocations/${encodeURIComponent(id)}`;

export const keyReused = (id: string | undefined): Refusal =>
  new Refusal('KeyReused', 'another request has been sent with this Idempotency-Key', seeing(id));

export const alreadyRelocating = (
  { application, users, source, target, cutOver }: RelocationRequest,
  id: string | undefined,
): Refusal => {
  const whose = users === '*' ? 'users' : users;
  // A standby has no end of its own to be waited for
  const how = isStandby(cutOver) ? 'protected by a standby' : 'being moved';
  const isOrAre = users === '*' ? 'are' : 'is';
  return new Refusal(
    'AlreadyRelocating',
    `${whose} of ${application} ${isOrAre} ${how}: from ${source} to ${target}`,
    seeing(id),
  );
};
