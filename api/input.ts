import type { z } from 'zod';

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
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new Malformed(where, parsed.error.issues);
  return parsed.data;
}
