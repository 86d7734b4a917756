import type { z } from 'zod';

export const MISSING = 'is missing';

/** How a member that is not there is told, of whatever other people send or write: that it is missing, and what it should be. */
export const missing: z.core.$ZodErrorMap = (issue) => {
  if (issue.input !== undefined) return undefined;
  if (issue.code === 'invalid_type') return `${MISSING}: expected ${issue.expected}`;
  return issue.code === 'invalid_union' || issue.code === 'invalid_value' ? MISSING : undefined;
};
