import { z } from 'zod';
import { missing } from '../domain/missing.ts';

/**
 * How what an operator has written is read. Once, at a start: to make code for each of its schemas first takes twice as long
 * as to read it without. What it lacks is told to be missing.
 */
export const ONCE = { jitless: true, error: missing } as const;

/** A record of these members and no others; of one that is misspelt it says which is meant. */
export const strict = <Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> =>
  z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      const members = Object.keys(shape);
      return issue.keys
        .map((key) => {
          const [near] = members
            .map((member) => ({ member, away: distance(key.toLowerCase(), member.toLowerCase()) }))
            .filter(({ away }) => away <= 2)
            .toSorted((one, other) => one.away - other.away);
          return `there is no member ${key}${near === undefined ? `; there are ${members.join(', ')}` : `: is ${near.member} meant?`}`;
        })
        .join('; ');
    },
  });

/** How many letters must be put in, left out or changed to make one of the other (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [i, letter] of Array.from(one).entries()) {
    const next = [i + 1];
    for (const [j, there] of Array.from(other).entries())
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === there ? 0 : 1)));
    row = next;
  }
  return row.at(-1) ?? 0;
}
