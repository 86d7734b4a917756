import { expect, it } from 'vitest';
import { alreadyRelocating } from '../../api/northbound/clashes.ts';
import type { RelocationRequest } from '../../domain/relocation.ts';

const request: RelocationRequest = {
  application: 'counter',
  users: '*',
  source: 'cloud',
  target: 'a1',
  cutOver: 'immediately',
};

it.each<[Partial<RelocationRequest>, string]>([
  [{}, 'users of counter are being moved: from cloud to a1'],
  [{ users: 'ue-7' }, 'ue-7 of counter is being moved: from cloud to a1'],
  // No end of it comes by itself
  [{ cutOver: { standby: true } }, 'users of counter are protected by a standby: from cloud to a1'],
  [{ cutOver: { approval: true } }, 'users of counter are being moved: from cloud to a1'],
])('what stands in the way of a start is named as what it is: %j', (more, message) => {
  expect(alreadyRelocating({ ...request, ...more }, 'an-id')).toMatchObject({ message, see: '/v1/relocations/an-id' });
});
