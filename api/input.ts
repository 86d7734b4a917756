import type { z } from 'zod';
import { isKeepable } from '../domain/kept.ts';
import { missing } from '../domain/missing.ts';

/** Something that was sent is not what the operation takes. */
export class Malformed extends Error {
  readonly where: string;
  readonly issues: readonly z.core.$ZodIssue[];

  constructor(where: string, issues: readonly z.core.$ZodIssue[]) {
    super(`the ${where} is not what this operation takes`);
    this.where = where;
    this.issues = issues;
  }
}

export function parse<S extends z.ZodType>(
  schema: S,
  value: unknown,
  where: 'path' | 'body' | 'query' | 'header',
): z.output<S> {
  demandKeepable(value, where);
  const parsed = schema.safeParse(value, { error: missing });
  if (!parsed.success) throw new Malformed(where, parsed.error.issues);
  return parsed.data;
}

/** Members within members: whoever needs more has no such document. */
const LEVELS = 64;

/** No database keeps NUL or half a character, and no reader follows levels without end: also of members that are ignored. */
function demandKeepable(value: unknown, where: string): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > LEVELS) throw odd(where, `has more than ${LEVELS} levels`);
    const next: unknown[] = [];
    for (const each of level) {
      if (typeof each === 'string' && !isKeepable(each)) throw odd(where, 'has NUL, or half a character');
      if (typeof each !== 'object' || each === null) continue;
      if (Array.isArray(each)) for (const entry of each) next.push(entry);
      else for (const [name, member] of Object.entries(each)) next.push(name, member);
    }
    level = next;
  }
}

const odd = (where: string, message: string): Malformed =>
  new Malformed(where, [{ code: 'custom', path: [], message, input: undefined }]);
