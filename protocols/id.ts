import { z } from 'zod';

/** What tells one from another. Who numbers what he has means the decimal text, as it stands in paths; not where digits are lost. */
export const Id = z.union([z.string().min(1), z.int().transform(String)]);
