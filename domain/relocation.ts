import { z } from 'zod';
import { failures, type FailureType } from './failures.ts';
import { acceptable, guarantees } from './guarantee.ts';
import { INSTANT_EXAMPLE, isInstant, RFC_3339 } from './instant.ts';
import { Name } from './name.ts';
import type { ProcedureStatus } from './procedure.ts';
import { fences } from './recovery.ts';
import { type StepName, stepNames } from './steps.ts';

export const Instant = z
  .string()
  .regex(RFC_3339, `an instant with its offset (RFC 3339), such as ${INSTANT_EXAMPLE}`)
  .refine(isInstant, `a day that the calendar has, as in ${INSTANT_EXAMPLE}`)
  .meta({ format: 'date-time', example: INSTANT_EXAMPLE });

/** When the cut-over (steps 5 and 6) may begin: at once, when an operator approves it, or at an instant. */
export const CutOver = z
  .union([
    z.literal('immediately'),
    z.strictObject({ approval: z.literal(true) }),
    z.strictObject({ at: Instant }),
    z.strictObject({ standby: z.literal(true) }),
  ])
  .meta({
    id: 'CutOver',
    description:
      'When the path may be turned and the users handed over; at once without it. `standby`: the target is kept warm, and the source watched, until somebody approves, recovers or cancels.',
  });
export type CutOver = z.infer<typeof CutOver>;

export const Acceptance = z
  .strictObject({
    lostWrites: z.literal(true).meta({ description: 'What the source acknowledged and had not copied is lost.' }),
    fence: z.enum(fences).optional().meta({
      description:
        'The weakest that will do. `stopped`, as without it: an operation of its orchestrator has ended the source. `ledAway`: nobody could; devices are led away from it, and it may have written until it is fenced. `none`: any client that reaches it may have written there.',
    }),
    otherUnknown: z.literal(true).optional().meta({
      description:
        'Other instances that cannot be asked are passed over: one that serves some of these users goes on writing, and nobody waits for it. Without it they are `OtherUnknown`.',
    }),
  })
  .meta({ id: 'Acceptance', description: 'What whoever takes a source to be dead has to accept.' });

export const Accept = z.enum(acceptable).meta({
  id: 'Accept',
  description:
    "The weakest guarantee that will do. `zeroLoss`, as without it: nothing is lost, and there is one writer. `applicationOwn`: the application moves its users' context itself (MEC 021), and its provider answers for it. `none`: the source is stopped, and what it keeps in no store of its own is lost. The best that can be had is used.",
});

/** What is to be moved, from where to where, and under which conditions (GR MEC 035, 4.3, 5.3, 5.4). */
export const RelocationRequest = z
  .strictObject({
    application: Name.meta({ description: 'The application, by its name in the configuration.', example: 'counter' }),
    users: z
      .union([z.literal('*'), Name])
      .default('*')
      .meta({
        description: 'One by its ueIdentityTag (MEC 014), or `*`: all users of the instance, as without it.',
        example: '*',
      }),
    source: Name.meta({ description: 'The site that serves these users now.', example: 'cloud' }),
    target: Name.meta({ description: 'The site that is to serve them.', example: 'a1' }),
    maxInterruptionMs: z
      .int()
      .min(1)
      .max(60_000)
      .optional()
      .meta({ description: 'Refuse, before anything is frozen, when the freeze is expected to last longer.' }),
    deadline: Instant.optional().meta({ description: 'Roll back when the hand-over has not begun by then.' }),
    cutOver: CutOver.default('immediately'),
    accept: Accept.optional(),
    sourceLost: z.strictObject({ accept: Acceptance }).optional().meta({
      description:
        'The source is taken to be dead: the target takes its place, with the copy that it has, or with none.',
    }),
  })
  .refine(({ source, target }) => source !== target, { path: ['target'], message: 'is the source itself' })
  .refine(
    ({ cutOver, deadline }) =>
      typeof cutOver === 'string' ||
      !('at' in cutOver) ||
      deadline === undefined ||
      Date.parse(cutOver.at) <= Date.parse(deadline),
    { path: ['cutOver', 'at'], message: 'is later than the deadline: it would be rolled back before it begins' },
  )
  .refine(({ cutOver, sourceLost }) => sourceLost === undefined || cutOver === 'immediately', {
    path: ['cutOver'],
    message: 'waits for nothing where the source is lost: leave it out',
  })
  .meta({ id: 'RelocationRequest' });
export type RelocationRequest = z.infer<typeof RelocationRequest>;

export const Direction = z
  .enum(['cloudToMec', 'hostToHost', 'systemToSystem', 'mecToCloud'])
  .meta({ id: 'Direction', description: 'GR MEC 035, 5.3 (cloud and MEC), 5.4 (two MEC systems of one operator).' });
export type Direction = z.infer<typeof Direction>;

/** What can be promised: by the application contract; by the application's own transfer (MEC 021); or nothing. */
export const Guarantee = z.enum(guarantees).meta({
  id: 'Guarantee',
  description:
    'zeroLoss: the application keeps the contract of docs/application-contract.md. applicationOwn: it moves its context itself (MEC 021). none: it keeps state, and nothing moves it. stateless: it keeps none.',
});
export type Guarantee = z.infer<typeof Guarantee>;

/** One of `failures.ts`. */
export const Failure = z
  .enum(Object.keys(failures) as [FailureType, ...FailureType[]])
  .meta({ id: 'Failure', description: 'What each means, and what to do: docs/failures.md.' });

export const Step = z
  .enum(stepNames as [StepName, ...StepName[]])
  .meta({ id: 'Step', description: 'The nine steps, in their order.' });

const WriterOverlap = z.enum(['impossible', 'possible']).meta({
  id: 'WriterOverlap',
  description: 'Can two instances accept writes of the same user at once?',
});

const Risk = z
  .object({
    writerOverlap: WriterOverlap,
    mayBeLost: z.string().meta({ description: 'A sentence.' }),
    mayHaveWritten: z.string().meta({ description: 'Who, beside whoever serves. A sentence.' }),
    interrupted: z.string().meta({ description: 'How long users are not served. A sentence.' }),
  })
  .meta({ id: 'Risk', description: 'What whoever accepts this guarantee has to accept.' });

/** Step 1 without side effects: what would be done, what stands in the way. */
export const Plan = z
  .object({
    direction: Direction,
    possible: z.boolean(),
    obstacles: z.array(z.object({ failure: Failure, where: z.string(), detail: z.string(), remedy: z.string() })),
    package: z.enum(['kept', 'distribute']),
    instance: z.enum(['create', 'restart', 'share']),
    subscriptions: z.int(),
    steering: z
      .array(z.string())
      .meta({ description: 'Each rule that would be changed, and from where it is observed.' }),
    observed: z.boolean().meta({ description: 'False: no vantage point, so the switch would not be observed.' }),
    anchors: z.array(z.string()).optional().meta({
      description:
        'What becomes of anchors to the source, by network and holder; absent where an older worker answers.',
    }),
    guarantee: Guarantee.nullable().meta({
      description:
        'What can be had: `accept` has to be as weak or weaker. null: no instance has answered, so nothing is known.',
    }),
    risk: Risk.optional().meta({ description: 'Absent where the guarantee is not known, or an older worker answers.' }),
    confirmation: z
      .boolean()
      .meta({ description: 'The application wants each move confirmed (MEC 021): held until it is approved.' }),
    expectedFreezeMs: z.int().nullable(),
    drainMs: z.int(),
    recovery: z
      .object({
        copy: z
          .object({ users: z.int(), writes: z.int(), changedSecondsAgo: z.number().nullable() })
          .nullable()
          .meta({ description: 'What the target has of these users; null: nothing, it would begin empty.' }),
        mayBeLost: z.string(),
        mayHaveWritten: z
          .object({ stopped: z.string(), ledAway: z.string(), none: z.string() })
          .meta({ description: 'By the fence that is accepted: which one can be had is known once it is tried.' }),
      })
      .optional()
      .meta({ description: 'With `sourceLost`.' }),
  })
  .meta({ id: 'Plan' });
export type Plan = z.infer<typeof Plan>;

const Millis = z.int().nonnegative();

export const Leftover = z
  .object({
    undo: z.string(),
    type: Failure,
    message: z.string().meta({ description: 'What is left, at which peer, and why.' }),
    remedy: z.string(),
  })
  .meta({ id: 'Leftover' });

export const RelocationResult = z
  .object({
    outcome: z.enum(['relocated', 'relocatedSourceKept', 'rolledBack', 'refused', 'abandoned', 'recovered']).meta({
      description:
        'relocatedSourceKept: relocated, and given up by an operator was the source alone: it stays, as a relay where it lives. refused: nothing was changed. abandoned: given up by an operator after the hand-over, before devices were told. recovered: the source was taken to be dead, and the target took its place.',
    }),
    failure: z
      .object({ type: Failure, step: Step, message: z.string(), remedy: z.string() })
      .nullable()
      .meta({ description: 'Why it did not go through.' }),
    leftovers: z
      .array(Leftover)
      .meta({ description: 'What was given up before it could be undone; empty is what to expect.' }),
    durationsMs: z.record(z.string(), Millis),
    totalMs: Millis,
    waitedMs: Millis.optional().meta({
      description: 'Of `totalMs`: held, paused or parked. Absent where an older version ended it.',
    }),
    moved: z.object({
      users: z.int(),
      subscriptions: z.int(),
      instance: z.enum(['created', 'restarted', 'shared', 'none']),
      package: z.enum(['distributed', 'kept', 'none']),
    }),
    freezeMs: z.number().nullable().meta({ description: "From the source's receipt." }),
    interruption: z.object({ atLeastMs: Millis, atMostMs: Millis }).nullable().optional().meta({
      description:
        'How long users were not served: with the contract the freeze; else from what was seen until the path had turned, and from when it was asked for. Null: not known, or not at all. Absent where an older version ended it.',
    }),
    writerOverlap: WriterOverlap.optional(),
    epoch: z.int().nullable(),
    guarantee: Guarantee.nullable(),
    pathObserved: z.boolean(),
    recovery: z
      .object({
        fence: z.enum([...fences, 'forgot']).meta({
          description:
            'What keeps the source from writing: `stopped`, an operation of its orchestrator has ended it; `forgot`, it was started again and knows nobody; `ledAway` and `none` as they were accepted.',
        }),
        users: z.int(),
        writes: z.int().meta({ description: 'What the copy had. What was acknowledged after it is lost.' }),
        tookMs: Millis.optional().meta({
          description:
            'From when it was said that the source is lost until the end. Absent where an older version ended it.',
        }),
        mayBeLost: z.string().optional().meta({ description: 'A sentence.' }),
        mayHaveWritten: z.string().optional().meta({ description: 'Who, beside the target. A sentence.' }),
        fencing: z.string().nullable().optional().meta({
          description: 'Where a source may come back and write: who waits for it (`/v1/fences`).',
        }),
      })
      .nullable()
      .optional()
      .meta({ description: 'Of a `recovered` one. Absent where an older version ended it.' }),
    cancelTooLate: z.boolean().meta({ description: 'A cancellation came after the hand-over had begun.' }),
  })
  .meta({ id: 'RelocationResult' });
export type RelocationResult = z.infer<typeof RelocationResult>;

export type Outcome = RelocationResult['outcome'];

/** Where a running relocation stands, and how long the steps took that were done; an older worker does not tell that. */
export type RelocationStatus = ProcedureStatus<StepName, RelocationResult> & {
  readonly durationsMs?: Readonly<Partial<Record<StepName, number>>>;
};
