import { z } from 'zod';

/** The vantage point's API, `/vantage/v1`. */
export const base = '/vantage/v1';

export const Resolution = z.object({
  answers: z
    .array(z.object({ address: z.string().min(1), ttl: z.int().nonnegative() }))
    .nullish()
    .transform((answers) => answers ?? []),
});

/** What the one asked answered: of its headers, whatever they are, one is read. */
export const Asked = z.object({ headers: z.record(z.string(), z.unknown()).nullish() });
