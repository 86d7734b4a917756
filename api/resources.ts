import { z } from 'zod';
import { actions } from '../domain/actions.ts';
import { Direction, Failure, RelocationRequest, RelocationResult, Step } from '../domain/relocation.ts';

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
    step: Step.nullable().meta({ description: 'The one that it is at; null where that is not known.' }),
    since: Instant.nullable().meta({ description: 'So long it has been in this state, at this step.' }),
    asked: z
      .enum(['pause', 'cancel'])
      .nullable()
      .meta({ description: 'A command that was accepted, and takes effect when the step under way has ended.' }),
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
    durationsMs: z
      .record(z.string(), z.int().nonnegative())
      .meta({ description: 'Of each step that was done. Lists do not tell it.' }),
    outcome: RelocationResult.shape.outcome
      .nullable()
      .meta({ description: 'How it ended; lists carry it without the result.' }),
    result: RelocationResult.nullable(),
    links: z.object({ self: z.string(), events: z.string(), temporal: z.string().nullable() }),
  })
  .meta({ id: 'Relocation' });
export type Relocation = z.infer<typeof Relocation>;

export const RelocationList = z
  .object({
    relocations: z.array(Relocation),
    next: z.string().nullable().meta({ description: 'Of the next page; null: this is the last.' }),
  })
  .meta({
    id: 'RelocationList',
    description:
      'Those that run, the newest first, then those that ended, the latest first. Entries are without `result` and `durationsMs`.',
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

const SiteKind = z.enum(['mecHost', 'cloud']);

export const SiteList = z
  .object({
    sites: z.array(
      z.object({
        name: z.string(),
        kind: SiteKind,
        system: z.string().nullable().meta({ description: 'The MEC system; a cloud has none.' }),
        network: z.string().nullable().meta({ description: 'The access network in whose path its platform is.' }),
        peers: z
          .record(z.string(), z.string())
          .meta({ description: 'Who is asked for it, by its part. /v1/peers tells whether each is in reach.' }),
      }),
    ),
  })
  .meta({ id: 'SiteList' });
export type SiteList = z.infer<typeof SiteList>;

/** Where an application is, as its instances say themselves. */
export const ApplicationSeen = z
  .object({
    name: z.string(),
    sites: z.array(
      z.object({
        site: z.string(),
        detail: z.string().nullable().meta({ description: 'Why nothing is known of this site; null: it was asked.' }),
        instances: z.array(
          z.object({
            id: z.string(),
            state: z.enum(['starting', 'started', 'stopped', 'notInstantiated', 'failed']),
            serves: z
              .enum(['all', 'some', 'nobody'])
              .nullable()
              .meta({ description: 'all: also users who come. Null: it does not say.' }),
            users: z.int().meta({ description: 'How many it serves of those that it knows by name.' }),
            promisedTo: z.string().nullable().meta({ description: 'The relocation that its users are promised to.' }),
            detail: z.string().nullable().meta({ description: 'Why it does not say; null: it did.' }),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'Application' });
export type ApplicationSeen = z.infer<typeof ApplicationSeen>;

export const ApplicationList = z.object({ applications: z.array(ApplicationSeen) }).meta({ id: 'ApplicationList' });
export type ApplicationList = z.infer<typeof ApplicationList>;

export const Health = z.object({ status: z.enum(['live', 'ready']) }).meta({ id: 'Health' });

/** RFC 9457. `failure` is one of docs/failures.md; `see` leads to the resource that stands in the way. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional(),
    failure: Failure.optional(),
    remedy: z.string().optional(),
    see: z.string().optional(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;
