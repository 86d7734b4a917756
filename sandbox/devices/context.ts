import { z } from 'zod';

/** The application's client protocol, as a device reads it. */

/** 200 of `POST /users/{ue}/writes`. */
export const Accepted = z.object({
  user: z.string(),
  number: z.int(),
  counter: z.int(),
  epoch: z.int(),
  instance: z.string(),
});
export type Accepted = z.infer<typeof Accepted>;

/** 200 of `GET /users/{ue}`; `accepted` holds the numbers as intervals, both ends included. */
export const Context = z.object({
  user: z.string(),
  counter: z.int(),
  accepted: z.array(z.tuple([z.int(), z.int()])),
  epoch: z.int(),
});
export type Context = z.infer<typeof Context>;

export const holds = ({ accepted }: Context, number: number): boolean =>
  accepted.some(([from, to]) => from <= number && number <= to);

/** How many writes were counted more often than once. */
export const excess = ({ accepted, counter }: Context): number =>
  Math.max(0, counter - accepted.reduce((sum, [from, to]) => sum + to - from + 1, 0));
