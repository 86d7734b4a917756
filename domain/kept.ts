import { z } from 'zod';

/** A database refuses NUL and half of a character; and where a peer sent such a half, U+FFFD stands in its place. */
export const isKeepable = (text: string): boolean => !/[\0\p{Cs}\ufffd]/u.test(text);

/** What a database can hold: no NUL, no half of a character, nor what stands for it; not empty, and of a bounded length. */
export const kept = (longest: number): z.ZodString =>
  z
    .string()
    .max(longest)
    .regex(/^[^\0\p{Cs}\ufffd]+$/u);

/** Of a list whose entries are judged one by one those that can be kept, so many at most: others hide none of them. */
export const keptEntries = (most: number, longest: number) =>
  z.array(z.unknown()).transform((entries) => {
    const fitting = kept(longest);
    return entries.flatMap((entry) => fitting.safeParse(entry).data ?? []).slice(0, most);
  });
