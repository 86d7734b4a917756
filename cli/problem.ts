import type { Problem } from '../api/resources.ts';

/** As the API tells one (RFC 9457); without a status, where nobody was asked. */
export type CliProblem = Omit<Problem, 'status'> & { readonly status?: number };

export const problem = (title: string, detail: string, remedy?: string): CliProblem => ({
  type: 'about:blank',
  title,
  detail,
  ...(remedy !== undefined && { remedy }),
});

/** Nothing, or more than one, is called so. */
export class Unnamed extends Error {}
