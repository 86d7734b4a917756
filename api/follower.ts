import { z } from 'zod';
import { FollowerRequest, FollowerResult } from '../domain/follower-request.ts';
import { Instant, NextPage } from './resources.ts';

export const Follower = z
  .object({
    id: z.string(),
    request: FollowerRequest,
    state: z.enum(['waiting', 'following', 'ending', 'ended', 'terminated']).nullable().meta({
      description:
        'following: it looks which site fits, or a move is under way. terminated: ended from outside; its subscriptions run out. null: it runs, and no worker has answered.',
    }),
    network: z.string().nullable().meta({ description: 'Where the device is, as heard last; null: nobody sees it.' }),
    since: Instant.nullable(),
    site: z.string().nullable().meta({ description: 'That served its user when this was looked at last.' }),
    dueAt: Instant.nullable().meta({ description: 'When it is looked at next; null: there is no reason to.' }),
    moves: z.int().nonnegative().nullable().meta({ description: 'That it has begun.' }),
    relocation: z.string().nullable().meta({ description: 'The last of them, by its id.' }),
    anchor: z.string().nullable().meta({ description: 'That leads its device to that site, by its id.' }),
    trouble: z.string().nullable().meta({
      description: 'Why the last look led to nothing, or where the device is cannot be asked, in a sentence.',
    }),
    startedAt: Instant.meta({ description: 'Of its latest run: a long one is continued in another.' }),
    endedAt: Instant.nullable(),
    result: FollowerResult.nullable(),
    links: z.object({ self: z.string(), temporal: z.string().nullable() }),
  })
  .meta({ id: 'Follower' });
export type Follower = z.infer<typeof Follower>;

export const FollowerList = z.object({ followers: z.array(Follower), next: NextPage }).meta({
  id: 'FollowerList',
  description: 'Those that run.',
});
export type FollowerList = z.infer<typeof FollowerList>;
