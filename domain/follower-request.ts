import { z } from 'zod';
import { Name, Names } from './name.ts';
import { MOST_SITES } from './placement.ts';
import { Accept, RelocationRequest } from './relocation.ts';

const Seconds = (least: number, most: number) => z.int().min(least).max(most);

/** One user's application is to go after the user's device (GR MEC 035, 5.3.1, 5.4.1). */
export const FollowerRequest = z
  .strictObject({
    application: RelocationRequest.shape.application,
    user: Name.meta({ description: 'By the ueIdentityTag (MEC 014).', example: 'ue-7' }),
    among: Names(MOST_SITES).meta({
      description: 'The sites at which these users may be served. Each of their networks tells where devices are.',
      example: ['a1', 'w1'],
    }),
    accept: Accept.optional(),
    anchor: z.literal(true).optional().meta({
      description:
        'Where the application cannot be, as a service is missing there or it may not be moved, the device is led to where it is ([5.4.2-6]).',
    }),
    staySeconds: Seconds(1, 3_600).default(10).meta({ description: 'So long the device has been in a network first.' }),
    holdSeconds: Seconds(1, 3_600)
      .default(60)
      .meta({ description: 'So long nothing follows after a move; doubled, up to 15 minutes, while it keeps moving.' }),
    perHour: z.int().min(1).max(60).default(12).meta({ description: 'Moves, at most.' }),
    lookSeconds: Seconds(10, 3_600).default(600).meta({
      description: 'So often it is asked where the device is, whatever was told: what is told may be lost.',
    }),
  })
  .meta({ id: 'FollowerRequest' });
export type FollowerRequest = z.infer<typeof FollowerRequest>;

export const FollowerResult = z
  .object({
    moves: z.int().nonnegative(),
    left: z.string().nullable().meta({ description: 'What could not be taken back at a location service, and why.' }),
  })
  .meta({ id: 'FollowerResult' });
export type FollowerResult = z.infer<typeof FollowerResult>;
