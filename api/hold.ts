import { z } from 'zod';
import { Name } from '../domain/name.ts';
import { Instant, NextPage } from './resources.ts';

export const Why = z
  .string()
  .regex(/^[^\p{C}]{0,200}$/u, 'at most 200 characters, all of them visible')
  .default('')
  .meta({ description: 'For whoever wonders later. It is kept with the run.' });

export const HoldRequest = z
  .strictObject({ site: Name.meta({ description: 'To which nothing is to be moved.', example: 'a1' }), why: Why })
  .meta({ id: 'HoldRequest' });

export const Hold = z
  .object({ site: z.string(), why: z.string(), since: Instant, links: z.object({ self: z.string() }) })
  .meta({ id: 'Hold' });
export type Hold = z.infer<typeof Hold>;

export const HoldList = z.object({ holds: z.array(Hold), next: NextPage }).meta({ id: 'HoldList' });
export type HoldList = z.infer<typeof HoldList>;
