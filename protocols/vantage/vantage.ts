import { z } from 'zod';

/** The vantage point's API, `/vantage/v1`. */
export const base = '/vantage/v1';

const Answer = z.object({ address: z.string().min(1), ttl: z.int().nonnegative() });
const isAddress = (answer: unknown): boolean =>
  typeof answer === 'object' &&
  answer !== null &&
  'address' in answer &&
  typeof answer.address === 'string' &&
  answer.address !== '';

/** A resolver has other answers than addresses (CNAME, and what comes): those are none. An address has its time. */
export const Resolution = z
  .object({
    answers: z
      .array(z.unknown())
      .nullish()
      .transform((answers) => (answers ?? []).filter(isAddress))
      .pipe(z.array(Answer)),
  })
  .nullish()
  .transform((resolution) => resolution?.answers ?? []);

/** What the one asked answered: of its headers, whatever they are, one is read. */
export const Asked = z.object({ headers: z.record(z.string(), z.unknown()).nullish() });
