import { z } from 'zod';
import { actions } from '../../../domain/actions.ts';
import { EVACUATION_ID } from '../../../domain/evacuation.ts';
import { Name } from '../../../domain/name.ts';
import { needsPerson } from '../../../domain/waits.ts';
import { NextPage, WaitingFor } from '../../resources.ts';
import type { Table } from '../../serve.ts';
import { relocationExample } from '../examples.ts';
import { asked, Limit, Next, PageHeaders, strangersPage } from './shared.ts';

export const waitingKinds = ['relocation', 'evacuation', 'anchor', 'follower', 'fence', 'federation'] as const;

/** Whatever does not go on without a person, in one shape, of whichever kind it is. */
export const Waiting = z
  .object({
    kind: z.enum(waitingKinds),
    id: z.string().meta({ description: 'Of its kind; of a federation the name of the partner.' }),
    about: z.string().meta({ description: 'Which one, for a person.', example: 'counter: cloud → a1, all users' }),
    state: z.enum([...needsPerson, 'suspended']).meta({
      description:
        'unfenced: a source that was taken to be dead may come back. troubled: it tries again by itself, and in vain so far. suspended: by our own operator.',
    }),
    waitingFor: WaitingFor,
    actions: z
      .array(z.enum([...actions, 'release', 'scrap', 'leave']))
      .meta({ description: 'What an operator may say: each is a POST below `links.self`.' }),
    links: z.object({ self: z.string(), temporal: z.string().nullable() }),
  })
  .meta({ id: 'Waiting' });
export type Waiting = z.infer<typeof Waiting>;

export const WaitingList = z
  .object({ waiting: z.array(Waiting), next: NextPage })
  .meta({ id: 'WaitingList', description: 'Runs, the newest first; with the last of them the federations.' });
export type WaitingList = z.infer<typeof WaitingList>;

const { id, waitingFor } = relocationExample;

export const waitingTable = {
  listWaiting: {
    ...asked,
    method: 'get',
    path: '/v1/waiting',
    summary: 'List what waits for a person, of every kind',
    description:
      'Relocations that are held for approval, paused or parked; evacuations that are paused; anchors that are parked; followers whose last look led to nothing; sources that were taken to be dead and may come back; partners that are suspended, or with whom something is wrong.',
    query: z.strictObject({
      application: Name.optional().meta({ description: 'Of this application.', example: 'counter' }),
      source: Name.optional().meta({ description: 'From this site.', example: 'cloud' }),
      target: Name.optional().meta({ description: 'To this site; of anchors: from this network.', example: 'a1' }),
      evacuation: EVACUATION_ID.optional().meta({ description: 'What this evacuation has begun.' }),
      limit: Limit,
      next: Next,
    }),
    answers: {
      200: {
        description: 'A page of them.',
        schema: WaitingList,
        example: {
          waiting: [
            {
              kind: 'relocation',
              id,
              about: 'counter: cloud → a1, all users',
              state: 'held',
              waitingFor: {
                ...(waitingFor as NonNullable<typeof waitingFor>),
                what: 'an operator: the cut-over has to be approved',
                until: null,
                attempt: null,
              },
              actions: ['approve', 'cancel', 'recover'],
              links: { self: `/v1/relocations/${id}`, temporal: null },
            },
          ],
          next: null,
        },
        headers: PageHeaders,
      },
    },
    failures: [],
    refusals: strangersPage,
  },
} as const satisfies Table;
