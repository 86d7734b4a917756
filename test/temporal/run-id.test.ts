import { expect, it } from 'vitest';
import { begunAt } from '../../temporal/run-id.ts';

it('a run id of version 7 tells when the run was begun', () => {
  expect(begunAt('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')).toEqual(new Date('2022-02-22T19:22:22.000Z')); // RFC 9562, A.6
});

it('a run id of another version tells nothing', () => {
  expect(begunAt('919108f7-52d1-4320-9bac-f847db4148a8')).toBeUndefined();
});
