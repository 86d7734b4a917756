import { z } from 'zod';
import { Way } from '../domain/anchor-request.ts';
import { actions } from '../domain/actions.ts';
import { featNames } from '../domain/contract-seen.ts';
import { wills } from '../domain/federation.ts';
import { Direction, Failure, Guarantee, RelocationRequest, RelocationResult, Step } from '../domain/relocation.ts';

/** What the API answers: one shape per resource. The OpenAPI document is generated from these. */

/** As its format says: no reader of the document follows a pattern with a calendar of leap years. */
export const Instant = z.iso.datetime().meta({ pattern: undefined });

export const NextPage = z.string().nullable().meta({ description: 'Of the next page; null: this is the last.' });

/** What a run waits for, of whichever kind it is. */
export const WaitingFor = z
  .object({
    what: z.string().meta({ description: 'A sentence: which peer or person, and for what.' }),
    since: Instant,
    until: Instant.nullable(),
    attempt: z.int().nullable(),
    nextAt: Instant.nullable().meta({ description: 'When it is attempted again; null: it is, or it is not known.' }),
    lastFailure: z.string().nullable(),
    call: z
      .string()
      .meta({ description: 'The call that would show the same.', example: 'temporal workflow describe …' }),
  })
  .meta({ id: 'WaitingFor' });
export type WaitingFor = z.infer<typeof WaitingFor>;

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
    waitingFor: WaitingFor.nullable(),
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
    next: NextPage,
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
    next: NextPage,
  })
  .meta({ id: 'SystemList' });
export type SystemList = z.infer<typeof SystemList>;
const SiteKind = z.enum(['mecHost', 'cloud']);

/** Of one peer, as its calls saw it. */
const PeerHealth = z
  .object({
    reachable: z.boolean().meta({ description: 'It answered when it was called last, be it with a refusal.' }),
    since: Instant.meta({ description: 'So long it has been seen so.' }),
    seenAt: Instant.meta({ description: 'When it was called last.' }),
    lastFailure: z
      .object({ what: z.string().meta({ description: 'A sentence.' }), at: Instant })
      .nullable()
      .meta({ description: 'Why it did not serve, when it did not last; null: it was not seen so.' }),
  })
  .meta({ id: 'PeerHealth' });

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
          .meta({ description: 'Who is asked for it, by its part: names in `peers`, beside the sites.' }),
      }),
    ),
    peers: z.record(z.string(), PeerHealth).meta({
      description:
        'How each was seen: by calls, and by a look at those that were not called lately. One that was not seen yet is not in it. /v1/peers asks them what they can do.',
    }),
  })
  .meta({ id: 'SiteList' });
export type SiteList = z.infer<typeof SiteList>;

/** Who is led alike is one of these. */
const Led = z.object({
  network: z.string().meta({ description: 'The access network of the devices.' }),
  site: z.string().meta({ description: 'The site that serves them.' }),
  instance: z.string().nullable().meta({ description: 'Its instance; null: not led yet, or no more.' }),
  way: Way.nullable().meta({ description: 'null: it is being made, or was never made.' }),
  holder: z.object({ site: z.string(), instance: z.string() }).nullable().meta({ description: 'Whose rules lead.' }),
  relayed: z.boolean().meta({ description: 'By the holder: the network cannot reach the instance.' }),
  everybody: z.boolean().meta({ description: 'Whoever is in that network; false: single users.' }),
  silentSince: Instant.nullable().meta({ description: 'The instance serves nobody since then; null: it serves.' }),
  anchors: z.int().positive().meta({ description: 'How many lead so. /v1/anchors lists them.' }),
});

/** What it was seen to do, and not to do, of what moves rely on. */
const ContractKept = z
  .object({
    declared: Guarantee.meta({ description: 'By its record in the configuration; what was seen stands beside it.' }),
    seen: z
      .array(
        z.object({
          what: z.enum(featNames).meta({
            description:
              'copiesAhead: it gave a copy of these users (`promise`, `copy`). handsOver: it decided once, and its target had all that the receipt says (`handOver`). takesOver: it took the place of one that had died (`supersede`). transfersItself: it reported the context as transferred (MEC 021).',
          }),
          at: Instant,
          relocation: z.string().meta({ description: 'The latest that saw it.' }),
          freezeMs: z.number().nullable().meta({ description: 'Of `handsOver`, from the receipt.' }),
        }),
      )
      .meta({ description: 'What is not in it was not seen, be it kept or not.' }),
    missed: z
      .array(z.object({ failure: Failure, message: z.string(), at: Instant, relocation: z.string() }))
      .meta({ description: 'What it was seen not to keep: of each failure the latest.' }),
    lookedAt: z.int().meta({ description: 'So many of its latest relocations that ended were looked at.' }),
  })
  .meta({ id: 'ContractKept' });

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
    led: z.array(Led).nullable().meta({
      description:
        "Devices of other access networks that are led to it, by what (anchors); null: not known, since Temporal's index does not answer.",
    }),
    contract: ContractKept.nullable().optional().meta({
      description: "Of one that is asked for alone; null: not known, since Temporal's index does not answer.",
    }),
  })
  .meta({ id: 'Application' });
export type ApplicationSeen = z.infer<typeof ApplicationSeen>;

export const ApplicationList = z.object({ applications: z.array(ApplicationSeen) }).meta({ id: 'ApplicationList' });
export type ApplicationList = z.infer<typeof ApplicationList>;

export const Health = z
  .object({ status: z.enum(['live', 'ready']), workers: z.enum(['polling', 'none', 'unknown']).optional() })
  .meta({ id: 'Health' });

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
