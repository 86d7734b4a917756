import { z } from 'zod';
import { actions } from '../domain/actions.ts';
import { Direction, RelocationRequest, RelocationResult } from '../domain/relocation.ts';

/** What the API answers: one shape per resource. The OpenAPI document is generated from these. */

const Instant = z.iso.datetime();

export const Relocation = z
  .object({
    id: z.string(),
    request: RelocationRequest,
    direction: Direction,
    state: z.enum(['working', 'paused', 'held', 'parked', 'rollingBack', 'ended', 'terminated']).meta({
      description: 'terminated: ended from outside, by a Terminate in Temporal; nothing was cleaned up.',
    }),
    step: z.string().nullable().meta({ description: 'One of the nine steps.', example: 'switchPath' }),
    startedAt: Instant,
    endedAt: Instant.nullable(),
    waitingFor: z
      .object({
        what: z.string().meta({ description: 'A sentence: which peer or person, and for what.' }),
        since: Instant,
        until: Instant.nullable(),
        attempt: z.int().nullable(),
        lastFailure: z.string().nullable(),
        call: z
          .string()
          .meta({ description: 'The call that would show the same.', example: 'temporal workflow describe …' }),
      })
      .nullable(),
    actions: z.array(z.enum(actions)).meta({ description: 'What an operator may do now.' }),
    outcome: RelocationResult.shape.outcome
      .nullable()
      .meta({ description: 'How it ended; lists carry it without the result.' }),
    result: RelocationResult.nullable(),
    links: z.object({ self: z.string(), events: z.string(), temporal: z.string().nullable() }),
  })
  .meta({ id: 'Relocation' });
export type Relocation = z.infer<typeof Relocation>;

export const RelocationList = z.object({ relocations: z.array(Relocation), next: z.string().nullable() }).meta({
  id: 'RelocationList',
  description:
    'Those that run, the newest first, then those that ended, the latest first. Entries tell what the index knows: for the step, and what it waits for, ask for the relocation itself. `next`: the path of the next page.',
});
export type RelocationList = z.infer<typeof RelocationList>;

export const PeerList = z
  .object({
    peers: z.array(
      z.object({
        name: z.string(),
        kind: z.string(),
        reachable: z.boolean(),
        detail: z.string(),
        capabilities: z.array(z.object({ name: z.string(), available: z.boolean(), detail: z.string() })),
      }),
    ),
  })
  .meta({ id: 'PeerList' });
export type PeerList = z.infer<typeof PeerList>;

export const Health = z.object({ status: z.enum(['live', 'ready']) }).meta({ id: 'Health' });

/** RFC 9457. `failure` is one of docs/failures.md; `see` leads to the resource that stands in the way. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional(),
    failure: z.string().optional(),
    remedy: z.string().optional(),
    see: z.string().optional(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;
