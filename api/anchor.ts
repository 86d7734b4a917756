import { z } from 'zod';
import { AnchorRequest, AnchorResult, Way } from '../domain/anchor-request.ts';
import { Instant, NextPage, WaitingFor } from './resources.ts';

export const anchorActions = ['release', 'retry', 'abandon'] as const;
export type AnchorAction = (typeof anchorActions)[number];

export const Anchor = z
  .object({
    id: z.string(),
    request: AnchorRequest,
    state: z.enum(['making', 'holds', 'releasing', 'paused', 'parked', 'ended', 'terminated']).nullable().meta({
      description:
        'parked: something could not be undone. terminated: ended from outside; what it led may lead on. null: it runs, and no worker has answered.',
    }),
    way: Way.nullable().meta({ description: 'null: it never held.' }),
    relayed: z.boolean().meta({
      description: 'The network cannot reach the source: devices are led to the holder, which relays them.',
    }),
    source: z.string().meta({ description: 'The site to which it leads now: relocations take it along.' }),
    holder: z.object({ site: z.string(), instance: z.string() }).nullable(),
    observed: z.boolean().meta({ description: 'False: no vantage point, so that it leads there was not observed.' }),
    exposed: z.int().meta({ description: "Subscriptions of the source that were made at the network's platform." }),
    lacking: z.int().meta({ description: 'Those for which that platform has no service.' }),
    takenBy: z
      .string()
      .nullable()
      .meta({ description: 'The relocation that moves its source, or did last; by its id.' }),
    trouble: z.string().nullable().meta({ description: 'What could not be brought after the source.' }),
    silentSince: Instant.nullable().meta({
      description: 'Its source serves nobody since then: it is silent, or has forgotten its users. null: it serves.',
    }),
    startedAt: Instant,
    endedAt: Instant.nullable(),
    waitingFor: WaitingFor.nullable(),
    actions: z.array(z.enum(anchorActions)).meta({ description: 'What an operator may do now.' }),
    result: AnchorResult.nullable(),
    links: z.object({ self: z.string(), temporal: z.string().nullable() }),
  })
  .meta({ id: 'Anchor' });
export type Anchor = z.infer<typeof Anchor>;

export const AnchorList = z
  .object({
    anchors: z.array(Anchor),
    next: NextPage,
  })
  .meta({ id: 'AnchorList', description: 'Those that run, then those that ended, the latest first.' });
export type AnchorList = z.infer<typeof AnchorList>;
