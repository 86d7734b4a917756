import { STATUS_CODES } from 'node:http';
import type { ProblemForm } from './problem.ts';
import { Problem } from './resources.ts';

/** RFC 9457, without what concerns our operator alone: what we could not ask, and what to do about it here. */
export const outward: ProblemForm = {
  media: 'application/problem+json',
  schema: Problem.pick({ type: true, title: true, status: true, detail: true, instance: true, errors: true }),
  told: ({ type, title, status, detail, instance, errors }) => ({
    ...(status >= 500 ? failing(status) : { type, title, status, detail }),
    ...(instance !== '' && { instance }),
    ...(errors !== undefined && { errors }),
  }),
};

/** Of what goes wrong here nobody outside is told more. */
export const failing = (status: number) => ({
  type: 'about:blank',
  title: STATUS_CODES[status] ?? 'Unknown',
  status,
  detail: 'this cannot be answered now',
});
