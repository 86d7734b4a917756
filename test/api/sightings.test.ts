import { describe, expect, it } from 'vitest';
import { Sightings } from '../../api/northbound/sightings.ts';
import type { Sighting } from '../../domain/following.ts';

const at = (network: string): Sighting => ({ network, happenedAt: null });

describe('where devices are seen', () => {
  it('is told to their followers one after the other; of ten thousand that come at once the first and the last', async () => {
    const told: string[] = [];
    let most = 0;
    let now = 0;
    const sightings = new Sightings(async (follower, { network }) => {
      most = Math.max(most, (now += 1));
      await Promise.resolve();
      now -= 1;
      told.push(`${follower} ${network}`);
    });
    const all = Array.from({ length: 10_000 }, async (_, n) => await sightings.tell('one', at(`n${n}`)));
    await Promise.all([...all, sightings.tell('other', at('wifi'))]);
    expect(told.toSorted()).toEqual(['one n0', 'one n9999', 'other wifi']);
    expect(most).toBe(2); // one of each
    await sightings.tell('one', at('last'));
    expect(told.at(-1)).toBe('one last');
  });

  it('is refused as the signal is, and the next one is tried anew', async () => {
    let gone = true;
    const sightings = new Sightings(async () => {
      if (gone) throw new Error('gone');
    });
    const both = await Promise.allSettled([sightings.tell('one', at('a')), sightings.tell('one', at('b'))]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    gone = false;
    await expect(sightings.tell('one', at('c'))).resolves.toBeUndefined();
  });
});
