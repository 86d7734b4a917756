import { expect, it } from 'vitest';
import type { Desk } from '../../api/northbound/face.ts';
import { Moving } from '../../api/outsiders/moving.ts';
import { MOST_SITES, type PlacementRequest } from '../../domain/placement.ts';
import type { RelocationRequest } from '../../domain/relocation.ts';
import { named } from '../support/api.ts';

/** A place with more sites than one question takes. */
const many = Array.from({ length: 130 }, (_, n) => `h${n}`);
const configuration = {
  ...named,
  sites: { ...named.sites, ...Object.fromEntries(many.map((site) => [site, named.sites['a1']])) },
} as typeof named;
const subject = { application: 'counter', users: '*' };

/** Users are served in the cloud; these sites can take them. */
function asked(able: readonly string[]) {
  const [questions, begun]: [PlacementRequest[], RelocationRequest[]] = [[], []];
  const place = async ({ request }: { request: PlacementRequest }) => {
    questions.push(request);
    const found = (request.among ?? []).map((site) => ({ site, present: false, possible: able.includes(site) }));
    return { placements: [{ site: 'cloud', present: true, possible: true }, ...found], notLookedAt: [] };
  };
  const start = async (request: RelocationRequest) => {
    begun.push(request);
    return { seen: {} };
  };
  const reader = { lookAt: async () => undefined };
  const desk = { procedures: { place }, starter: { start }, reader } as unknown as Desk;
  return { questions, begun, moving: new Moving(configuration, desk) };
}

it('a place is asked about portion after portion, until one of its sites can take them', async () => {
  const { questions, begun, moving } = asked(['h45', 'h70']);
  await moving.move(subject, many);
  expect(questions.map(({ among, from }) => [among?.length, among?.[0], from])).toEqual([
    [MOST_SITES, 'h0', undefined],
    [MOST_SITES, 'h20', 'cloud'],
    [MOST_SITES, 'h40', 'cloud'],
  ]);
  expect(begun).toMatchObject([{ source: 'cloud', target: 'h45' }]);
});

it('of a place without end so much is asked that an answer can be awaited', async () => {
  const { questions, begun, moving } = asked(['h129']);
  await expect(moving.move(subject, many)).rejects.toMatchObject({ type: 'NotPossibleNow' });
  expect(questions.flatMap(({ among }) => among)).toEqual(many.slice(0, 5 * MOST_SITES));
  expect(begun).toEqual([]);
});
