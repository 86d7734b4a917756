import { z } from 'zod';
import { names } from './table.ts';

/**
 * What can be chosen when a world is started: quirks of peers, and one of the package, which is
 * built then. `harmless`: all that do no harm.
 */
export const StartQuirks = z
  .array(z.enum([...names, 'realRuleIds', 'harmless']))
  .transform((chosen) => (chosen.includes('harmless') ? [...chosen, 'realRuleIds' as const] : chosen));
export type StartQuirks = z.infer<typeof StartQuirks>;
