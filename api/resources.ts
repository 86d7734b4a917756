import { z } from 'zod';
import { actions } from '../domain/actions.ts';
import { wills } from '../domain/federation.ts';
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

export const SystemList = z
  .object({
    systems: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        provider: z.string(),
        operator: z.string().meta({ description: 'Who operates it.', example: 'operator-b' }),
        partner: z
          .string()
          .nullable()
          .meta({ description: 'Who told of it, by its name in the configuration; null: it is ours.' }),
        local: z.string().nullable().meta({ description: 'The name of ours in the configuration.' }),
        endpoint: z
          .record(z.string(), z.unknown())
          .nullable()
          .meta({ description: 'EndPointInfo, as its MEO told it.' }),
        seenAt: Instant.meta({ description: 'When it was last told of.' }),
      }),
    ),
    awaited: z
      .array(z.object({ system: z.string(), client: z.string() }))
      .meta({ description: 'Systems of ours that their MEO has not registered.' }),
    joinable: z.array(z.object({ partner: z.string(), operator: z.string() })).meta({
      description: 'Partners that are joined once something is looked for that nobody has (`join: onMiss`).',
    }),
    next: z.string().nullable().meta({ description: 'The path of the next page.' }),
  })
  .meta({ id: 'SystemList' });
export type SystemList = z.infer<typeof SystemList>;

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

export const FederationDirection = z
  .object({
    ours: z.enum(wills).meta({ description: 'What our operator wants, and enforces at once.' }),
    since: Instant.nullable().meta({ description: 'null: as configured, nobody has ever said anything.' }),
    theirs: z.enum(wills).nullable().meta({ description: 'As last heard.' }),
    agreed: z.boolean().meta({ description: 'Is there an agreement, or is one asked for?' }),
    joinedAt: Instant.nullable(),
    usable: z.boolean(),
    heardAt: Instant.nullable(),
    silentSince: Instant.nullable(),
    linkMs: z.number().nullable().meta({ description: 'Round trip to the partner, as last measured.' }),
    problem: z.string().nullable().meta({ description: 'What stands in the way, or ended it.' }),
  })
  .meta({ id: 'FederationDirection' });
export type FederationDirection = z.infer<typeof FederationDirection>;

export const FederationWith = z
  .object({
    partner: z.string(),
    operator: z.string(),
    uses: FederationDirection.meta({ description: 'Our use of what they serve.' }),
    serves: FederationDirection.meta({ description: 'Their use of what we serve.' }),
  })
  .meta({ id: 'Federation' });
export type FederationWith = z.infer<typeof FederationWith>;

export const FederationList = z.object({ federations: z.array(FederationWith) }).meta({ id: 'FederationList' });
export type FederationList = z.infer<typeof FederationList>;
