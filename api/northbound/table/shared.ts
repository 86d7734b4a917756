import { z } from 'zod';
import type { FailureType } from '../../../domain/failures.ts';

/** Of our own network, answered with Temporal's help. */
export const asked = { scope: 'ferry', asksTemporal: true } as const;

/** What a look at the peers can fail with, beyond what it tells as an obstacle. */
export const planFailures: readonly FailureType[] = ['PeerUnavailable', 'PeerMalformed', 'PeerRejected', 'NotYet'];

/** Of a page. */
export const Limit = z
  .custom<string>((text) => typeof text === 'string' && /^([1-9]\d?|100)$/.test(text), 'a whole number from 1 to 100')
  .transform(Number)
  .default(20)
  .meta({ type: 'integer', minimum: 1, maximum: 100 });

/** For an answer that takes its time. */
export const waitSeconds = (unlessSaid: number) =>
  z
    .custom<string>((text) => typeof text === 'string' && /^(\d|10)$/.test(text), 'a whole number from 0 to 10')
    .transform(Number)
    .default(unlessSaid)
    .meta({ type: 'integer', minimum: 0, maximum: 10 });

/** Of the page that is asked for. */
export const Next = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,2000}\.[a-z2-7]{25}$/, 'is not from `next` of a page')
  .optional()
  .meta({ description: 'Opaque; from `next` of the page before.' });

/** The same of a list that the database keeps. */
export const NextId = z.uuid().optional().meta({ description: 'Opaque; from `next` of the page before.' });

export const Page = z.strictObject({ limit: Limit, next: Next });

/** What a page says of the one after it, besides `next`. */
export const PageHeaders = z.object({
  Link: z.string().optional().meta({ description: 'With rel="next": the whole path of the next page.' }),
});

export const strangersPage = { 404: '`next` is of no page of this very list.' } as const;

/** Of a stream of events. */
export const ReadUpTo = z.object({
  'last-event-id': z
    .string()
    .regex(/^[!-~]{1,100}$/, 'is no id of an event')
    .optional()
    .meta({ description: 'Of the last event that was read: what was told is not told again.' }),
});
