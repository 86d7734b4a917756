import { z } from 'zod';
import {
  EvacuationCounts,
  EvacuationFailure,
  EvacuationRequest,
  EvacuationResult,
  WindowSize,
} from '../domain/evacuation.ts';
import { Instant, NextPage, WaitingFor } from './resources.ts';

export const evacuationActions = ['pause', 'resume', 'cancel'] as const;

export const Evacuation = z
  .object({
    id: z.string(),
    request: EvacuationRequest,
    returns: z.string().nullable().meta({
      description:
        'The evacuation whose moves this one brings back to its site; `among` is where from. null: it empties its site.',
    }),
    state: z.enum(['working', 'paused', 'cancelling', 'ended', 'terminated']).meta({
      description:
        'cancelling: nothing more is begun, what is under way goes on to its end. terminated: ended from outside; its relocations go on.',
    }),
    window: WindowSize,
    startedAt: Instant,
    endedAt: Instant.nullable(),
    counts: EvacuationCounts.nullable().meta({ description: 'As last heard; null: not known yet, or not any more.' }),
    failures: z
      .array(EvacuationFailure.extend({ remedy: z.string() }).meta({ id: 'EvacuationFailed' }))
      .meta({ description: 'The first 100; all are among its relocations. Lists do not tell it of those that ended.' }),
    waitingFor: WaitingFor.nullable(),
    actions: z.array(z.enum(evacuationActions)).meta({ description: 'What an operator may do now.' }),
    outcome: EvacuationResult.shape.outcome.nullable(),
    links: z.object({
      self: z.string(),
      relocations: z.string().meta({ description: 'What it has begun, a page at a time.' }),
      temporal: z.string().nullable(),
    }),
  })
  .meta({ id: 'Evacuation' });
export type Evacuation = z.infer<typeof Evacuation>;

export const EvacuationList = z.object({ evacuations: z.array(Evacuation), next: NextPage }).meta({
  id: 'EvacuationList',
  description: 'Those that run, then those that ended, the latest first.',
});
export type EvacuationList = z.infer<typeof EvacuationList>;
