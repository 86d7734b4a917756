import { z } from 'zod';
import { Name } from './name.ts';
import { Kpi, Place, What } from './wish.ts';

/** What an orchestrator asks for its platform (6.5.3 step 5). */
export const BindingRequest = z
  .strictObject({
    system: Name.meta({ description: 'A system of ours, by its name in the configuration.', example: 'wifi' }),
    platform: z.string().min(1).max(200).meta({ description: 'The host at which it is to be used.', example: 'a2' }),
    what: What,
    forApplication: Name.optional().meta({ description: 'Which application is to use it; absent: all there.' }),
    where: Place.optional(),
    kpi: Kpi.optional(),
  })
  .meta({ id: 'BindingRequest' });
export type BindingRequest = z.infer<typeof BindingRequest>;
