import { z } from 'zod';
import { Name, Names } from './name.ts';
import { Accept, Failure, Instant } from './relocation.ts';
import { WIDEST } from './window.ts';

export const WindowSize = z
  .int()
  .min(1)
  .max(WIDEST)
  .meta({ description: 'So many are moved at once; those that wait for a person are not counted.' });

/** Everything that a site serves is to be served elsewhere (GR MEC 035, 5.3.1): the host is to be emptied. */
export const EvacuationRequest = z
  .strictObject({
    site: Name.meta({ description: 'The site to be emptied.', example: 'a1' }),
    among: Names(100).optional().meta({
      description:
        'Where to. Without it: the other hosts of its MEC system; where there are none, all other hosts. A cloud has to be named.',
    }),
    window: WindowSize.default(50),
    perUser: z.boolean().default(false).meta({
      description: 'Users whom an instance knows by name are moved one by one, and then whoever is left with it.',
    }),
    accept: Accept.optional(),
    deadline: Instant.optional().meta({
      description: 'Nothing is begun after it, and what has not been handed over by then is rolled back.',
    }),
  })
  .refine(({ site, among }) => !(among ?? []).includes(site), { path: ['among'], message: 'holds the site itself' })
  .meta({ id: 'EvacuationRequest' });
export type EvacuationRequest = z.infer<typeof EvacuationRequest>;

/** What an evacuation moved is to come back to its site. */
export const EvacuationReturn = z
  .strictObject({
    window: WindowSize.default(50),
    deadline: Instant.optional().meta({ description: 'Nothing is begun after it.' }),
  })
  .meta({ id: 'EvacuationReturn' });
export type EvacuationReturn = z.infer<typeof EvacuationReturn>;

/** What an operator wants of one that runs. */
export interface EvacuationWish {
  readonly window: number;
  readonly paused: boolean;
  readonly cancelled: boolean;
}

const Count = z.int().nonnegative();

export const EvacuationCounts = z
  .object({
    total: Count.meta({ description: 'What was found to be moved.' }),
    moved: Count,
    failed: Count.meta({ description: 'Served by the site as before, unless their own relocation tells otherwise.' }),
    underWay: Count,
    resting: Count.meta({
      description: 'Of those under way: they wait for a person (held, paused, parked), and take no room.',
    }),
    left: Count.meta({ description: 'Not begun.' }),
  })
  .meta({ id: 'EvacuationCounts' });
export type EvacuationCounts = z.infer<typeof EvacuationCounts>;

/** So many are listed; all are found among the relocations. */
export const FAILURES_LISTED = 100;

export const EvacuationFailure = z
  .object({
    application: z.string(),
    users: z.string(),
    target: z.string().nullable().meta({ description: 'Where it was tried last.' }),
    failure: Failure,
    message: z.string(),
    relocation: z.string().nullable().meta({ description: 'Its id.' }),
  })
  .meta({ id: 'EvacuationFailure' });
export type EvacuationFailure = z.infer<typeof EvacuationFailure>;

export const EvacuationResult = z
  .object({
    outcome: z.enum(['evacuated', 'returned', 'inPart', 'cancelled', 'deadlinePassed']).meta({
      description:
        'evacuated: the site is empty. returned: all are back (of one with `returns`). inPart: some failed. cancelled, deadlinePassed: some were not begun.',
    }),
    counts: EvacuationCounts,
    failures: z.array(EvacuationFailure).meta({ description: `The first ${FAILURES_LISTED}.` }),
  })
  .meta({ id: 'EvacuationResult' });
export type EvacuationResult = z.infer<typeof EvacuationResult>;

/** As its relocations have it: its site, or whatever it was called by hand, and its first run. Nothing in it needs escaping. */
export const EVACUATION_ID = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}\.[0-9a-f-]{36}$/, 'is no id of an evacuation');
