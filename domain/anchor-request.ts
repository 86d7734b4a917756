import { z } from 'zod';
import { type AnchorStep, ways } from './anchoring.ts';
import { Name } from './name.ts';
import type { ProcedureStatus } from './procedure.ts';
import { Failure, Leftover } from './relocation.ts';

/** An application that stays where it is, and devices of another access network that are led to it (GR MEC 035, [5.4.2-6]). */
export const AnchorRequest = z
  .strictObject({
    application: Name.meta({ description: 'The application, by its name in the configuration.', example: 'counter' }),
    users: z
      .union([z.literal('*'), Name])
      .default('*')
      .meta({
        description: 'One by its ueIdentityTag (MEC 014), or `*`: whoever is in that network, as without it.',
        example: '*',
      }),
    source: Name.meta({ description: 'The site that serves these users, and goes on serving them.', example: 'a1' }),
    network: Name.meta({ description: 'The access network from which they are led there.', example: 'wifi' }),
  })
  .meta({ id: 'AnchorRequest' });
export type AnchorRequest = z.infer<typeof AnchorRequest>;

export const Way = z.enum(ways).meta({
  description:
    '`network`: it leads there by itself. `rule`: by the rules of an instance that is there. `holder`: by those of one that was made for it.',
});

export const AnchorResult = z
  .object({
    outcome: z.enum(['released', 'rolledBack', 'refused']).meta({
      description:
        'released: it held, and was given back. rolledBack, refused: it never held; refused: nothing was done.',
    }),
    failure: z
      .object({ type: Failure, step: z.string(), message: z.string(), remedy: z.string() })
      .nullable()
      .meta({ description: 'Why it did not hold.' }),
    leftovers: z.array(Leftover).meta({ description: 'What was given up before it could be undone.' }),
    totalMs: z.int().nonnegative(),
  })
  .meta({ id: 'AnchorResult' });
export type AnchorResult = z.infer<typeof AnchorResult>;

export type AnchorStatus = ProcedureStatus<AnchorStep, AnchorResult>;
