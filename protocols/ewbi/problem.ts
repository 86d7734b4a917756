import { z } from 'zod';

/** How E/WBI tells a refusal (GSMA OPG.04): without a status and without a type. */
export const EwbiProblem = z
  .object({
    title: z.string(),
    detail: z.string(),
    cause: z.string(),
    invalidParams: z.array(z.object({ param: z.string(), reason: z.string() })).optional(),
  })
  .meta({ id: 'EwbiProblem' });
export type EwbiProblem = z.infer<typeof EwbiProblem>;

/** The `cause` of a 403, as the `type` of one of our extension: our operator has suspended the partner. */
export const SUSPENDED = 'urn:ferry:federation:suspended';
