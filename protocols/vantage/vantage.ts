import { z } from 'zod';

/** The vantage point's API, `/vantage/v1`. */
export const base = '/vantage/v1';

export const Resolution = z.object({
  answers: z.array(z.object({ address: z.string().min(1), ttl: z.int().nonnegative() })),
});

export const Asked = z.object({
  status: z.int(),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
});
