import { expect, it } from 'vitest';
import { z } from 'zod';
import { missing } from '../../domain/missing.ts';

const Shape = z.strictObject({
  text: z.string(),
  word: z.enum(['one', 'two']),
  either: z.union([z.string(), z.strictObject({ at: z.string() })]),
  left: z.string().optional(),
});
const told = (value: object): readonly string[] =>
  Shape.safeParse(value, { error: missing }).error?.issues.map(({ path, message }) => `${path.join()} ${message}`) ??
  [];

it('a member that is not there is told to be missing, whatever it should be', () => {
  expect(told({})).toEqual(['text is missing: expected string', 'word is missing', 'either is missing']);
});

it('one that is there is told to be another thing than it should be', () => {
  expect(told({ text: null, word: 'x', either: 'a', left: 7 })).toEqual([
    'text Invalid input: expected string, received null',
    'word Invalid option: expected one of "one"|"two"',
    'left Invalid input: expected string, received number',
  ]);
});
