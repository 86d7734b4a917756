import { z } from 'zod';
import { Platform } from './inventory.ts';

/** Mfm-fed, what a MEO is asked (GR MEC 035, 6.4.3, 6.5.3 step 9). */
export const platformQueries = '/platform-queries';

/** One that cannot be read hides none of the others. */
export const PlatformAnswer = z.object({
  platforms: z
    .array(z.unknown())
    .max(2_000)
    .transform((all) => all.flatMap((each) => Platform.safeParse(each).data ?? [])),
});
