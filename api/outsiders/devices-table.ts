import { z } from 'zod';
import { AppContext, ApplicationLocationAvailability, availability, context } from '../../protocols/mec016/contexts.ts';
import type { Table } from '../serve.ts';

const usual = {
  scope: 'ferry',
  failures: [],
  refusals: {
    403: 'It is not possible now, or there is no such place. MEC 016 lists no 409.',
    404: 'There is no such application, or no such user.',
  },
  asksTemporal: true,
  query: z.looseObject({}),
} as const;

/** Mx2: what of MEC 016 an LCM proxy cannot answer by itself, below the base of that API. */
export const devicesTable = {
  whereAvailable: {
    ...usual,
    method: 'post',
    path: availability,
    summary: 'In which places an application could serve its device (MEC 016, 7.5; GR MEC 035, [5.3.2-1])',
    body: ApplicationLocationAvailability,
    answers: {
      200: { description: 'As asked, with the places, the best first.', schema: ApplicationLocationAvailability },
    },
  },
  changeContext: {
    ...usual,
    method: 'put',
    path: context,
    summary: 'Be served in another place (MEC 016, 7.4.3.2; GR MEC 035, [5.3.2-5])',
    description:
      'Users of the device are relocated there, unless they are there or on the way. Asked again it is the same.',
    params: z.strictObject({ contextId: z.string().min(1).max(32) }),
    body: AppContext,
    answers: { 204: { description: 'They are there, on the way there, or no place was named.' } },
  },
} as const satisfies Table;
export type DevicesTable = typeof devicesTable;
