import type { SearchAttributePair } from '@temporalio/common';
import type { Direction, RelocationRequest } from '../../domain/relocation.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import type { RelocationMemo } from '../../workflows/messages.ts';

/** What Temporal is told of a relocation at its start, so that people find and understand it there. */
export const attributes = (
  { request, direction, key }: RelocationMemo,
  world: string | undefined,
): SearchAttributePair[] => [
  { key: searchAttributes.application, value: request.application },
  { key: searchAttributes.direction, value: direction },
  { key: searchAttributes.source, value: request.source },
  { key: searchAttributes.target, value: request.target },
  ...(key === '' ? [] : [{ key: searchAttributes.key, value: key }]),
  ...(world === undefined ? [] : [{ key: searchAttributes.world, value: world }]),
];

const whose = (users: string): string => (users === '*' ? 'all users' : 'one user');

export const summary = ({ application, users, source, target }: RelocationRequest): string =>
  `${application}: ${source} → ${target}, ${whose(users)}`;

export function details({ request, direction }: { request: RelocationRequest; direction: Direction }): string {
  const { application, users, source, target, cutOver, maxInterruptionMs, deadline, sourceLost } = request;
  const when =
    cutOver === 'immediately'
      ? 'as soon as it can'
      : 'at' in cutOver
        ? `at ${cutOver.at}`
        : 'standby' in cutOver
          ? 'never by itself: the target is kept warm, should the source be lost'
          : 'when an operator approves';
  return [
    `Moves ${whose(users)} of **${application}** from **${source}** to **${target}** (${direction}; ETSI GR MEC 035, 5.3 and 5.4).`,
    '',
    `- Cut-over: ${when}`,
    ...(sourceLost === undefined
      ? []
      : [`- **The source is taken to be dead.** Accepted: lost writes, fence ${sourceLost.accept.fence ?? 'stopped'}`]),
    ...(maxInterruptionMs === undefined ? [] : [`- Interruption: at most ${maxInterruptionMs} ms`]),
    ...(deadline === undefined ? [] : [`- Deadline of the hand-over: ${deadline}`]),
  ].join('\n');
}
