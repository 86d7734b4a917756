import { z } from 'zod';
import { bindingName, solutions, reaches } from '../../domain/binding.ts';
import { kept } from '../../domain/kept.ts';

/** What one federator announces to another, and how that one has it (GR MEC 035, 6.5.3 step 13). Members that are not known are ignored. */

/** A step key: a letter and 25 characters of base32. Used once. */
export const BindingName = z.string().regex(bindingName, 'is no name of a binding: a letter and 25 of a-z and 2-7');

export const Announcement = z
  .object({
    offer: z.uuid().meta({ description: 'As a platform query has told it, under this very agreement.' }),
    forApplication: z.string().min(1).max(63).optional(),
    solution: z.enum(solutions).default('federators'),
  })
  .meta({ id: 'Announcement' });
export type Announcement = z.infer<typeof Announcement>;

const states = ['admitting', 'open', 'closed'] as const;

export const BindingShown = z
  .object({
    name: BindingName,
    state: z.enum(states).meta({ description: 'Forwards only: what is closed stays so.' }),
    ageSeconds: z.int().min(0).meta({ description: 'Since it was announced.' }),
    why: z.string().optional(),
  })
  .meta({ id: 'Binding' });
export type BindingShown = z.infer<typeof BindingShown>;

export const BindingEnded = z
  .object({
    name: BindingName,
    state: z.literal('closed'),
    was: z.enum(reaches).meta({
      description: 'How far it had come here, and so which lines the ledger has. `nothing`: it was never announced.',
    }),
  })
  .meta({ id: 'BindingEnded' });
export type BindingEnded = z.infer<typeof BindingEnded>;

export const BindingsShown = z.array(BindingShown).meta({ id: 'Bindings' });

/** As a partner answers. */
export const BindingAnswer = z.object({
  state: z.enum(states),
  why: kept(500).nullish().catch(null),
});

/** Who does not say how far it had come is believed all the same that it is over. */
export const EndedAnswer = z
  .object({ was: z.enum(reaches) })
  .nullish()
  .catch(null);

export const BindingListed = z.object({
  name: BindingName,
  state: z.enum(states),
  ageSeconds: z.number().min(0).catch(0),
});
