import { describe, expect, it } from 'vitest';
import { sightingIn, Sightings } from '../../api/northbound/sightings.ts';
import { beginning, heard, type Sighting } from '../../domain/following.ts';

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

describe('what a location service tells', () => {
  const zones = { wifi: 'w', cellular: 'c' };
  const networks = Object.fromEntries(
    Object.entries(zones).map(([name, zone]) => [name, { location: { service: 'location', zones: [zone] } }]),
  ) as unknown as Parameters<typeof sightingIn>[2]['networks'];
  const told = (zoneId: string, when: number): Sighting => {
    const timeStamp = { seconds: Math.floor(when / 1_000), nanoSeconds: 0 };
    const event = { userLocationEvent: 'ENTERING_AREA_EVENT', zoneId, timeStamp } as const;
    const sighting = sightingIn({ userLocationEventNotification: event }, 'location', { networks });
    if (sighting === null) throw new Error('it tells of a coming');
    return sighting;
  };

  it.each([
    ['its clock was an hour ahead, and is put right', 3_600_000],
    ['it told milliseconds for seconds once', Date.now() * 999],
  ])('is believed when %s', (_, aheadMs) => {
    const now = Date.now();
    const first = heard(beginning(now - 60_000), told(zones.wifi, now + aheadMs), now);
    expect(first.network).toBe('wifi');
    const then = now + 2_000;
    expect(heard(first, told(zones.cellular, then), then).network).toBe('cellular');
  });

  it('is late where something newer is known', () => {
    const now = Date.now();
    const first = heard(beginning(now - 60_000), told(zones.wifi, now), now);
    expect(heard(first, told(zones.cellular, now - 30_000), now).network).toBe('wifi');
  });
});
