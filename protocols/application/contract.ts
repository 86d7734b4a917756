import { z } from 'zod';

/** The application contract, version 1 (docs/application-contract.md): answers of an instance. */
export const base = '/relocation/v1';

/** Frozen for at most so long; then an instance thaws by itself. */
export const FREEZE_LIMIT_MS = 2_000;

const Role = z.enum(['authority', 'standby', 'relay']);
const Count = z.int().nonnegative();
const Measure = z.number().nonnegative();

export const State = z.object({
  instance: z.string(),
  role: Role,
  /** Absent, as `copies`: an application of the page as it was before `supersede`. */
  epoch: Count.default(0),
  users: z.array(z.object({ user: z.string(), role: Role, epoch: Count, count: Count })),
  promisedTo: z.string().nullable(),
  copies: z
    .array(
      z.object({
        relocation: z.string(),
        users: z.string(),
        copiedUsers: Count,
        count: Count,
        prepared: z.boolean(),
        secondsAgo: Measure.nullable(),
      }),
    )
    .default([]),
  clientSeenSecondsAgo: Measure.nullable(),
  clients: Count,
  expectedFreezeMs: Measure,
  /** Absent: an application of the page as it was before `retire`. */
  retiring: z.boolean().default(false),
});

export const Promised = z.object({ users: Count, copied: Count });

export const HandOverReceipt = z.object({
  relocation: z.string(),
  epoch: Count,
  users: Count,
  count: Count,
  of: z
    .array(z.object({ user: z.string(), count: Count }))
    .nullable()
    .default(null),
  freezeMs: Measure,
});

/** `serves` absent: an application of the page as it was before. */
export const Settled = z.object({ settlement: z.enum(['handedOver', 'kept']), serves: z.boolean().optional() });

export const Superseded = z.object({
  users: Count,
  count: Count,
  kept: z.array(z.object({ user: z.string(), epoch: Count })),
});

export const Retired = z.object({ retires: z.boolean(), why: z.string().optional() });

/** A refusal (RFC 9457). `relocation`: the one to which these users are promised. */
export const Refused = z.object({ type: z.string(), relocation: z.string().optional() });
