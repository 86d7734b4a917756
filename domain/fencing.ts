import { z } from 'zod';
import { Failure } from './relocation.ts';

/** What waits for a source that was taken to be dead and not stopped (GR MEC 035, 5.3.1). */
export const FencingResult = z
  .object({
    outcome: z.enum(['fenced', 'gone', 'scrapped']).meta({
      description:
        'fenced: it came back, and gives way. gone: an operation of its orchestrator has ended it after all. scrapped: an operator says that it never comes back.',
    }),
    stranded: z
      .int()
      .nullable()
      .meta({ description: 'Writes that it had accepted and the target was not given; null: nobody can tell.' }),
    kept: z
      .object({ type: Failure, message: z.string() })
      .nullable()
      .meta({ description: 'Why it stays, as a relay; null: it was retired.' }),
    left: z
      .object({ type: Failure, message: z.string() })
      .optional()
      .meta({ description: 'What of it could not be cleared away at the platform that served it.' }),
  })
  .meta({ id: 'FencingResult' });
export type FencingResult = z.infer<typeof FencingResult>;

export const FencingState = z.enum(['waiting', 'retiring', 'ended']);

export interface FencingStatus {
  readonly state: z.infer<typeof FencingState>;
  readonly since: string;
  readonly result: FencingResult | null;
}
