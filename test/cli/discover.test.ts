import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DiscoveryFound } from '../../api/discovery.ts';
import { answering, FakeApi, ferry } from './fake-api.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await FakeApi.start();
});
afterEach(async () => await api.stop());

const asked = async (...more: readonly string[]) => await ferry('discover', ...more, '--api', api.url);

const found = (more: Partial<DiscoveryFound> = {}): DiscoveryFound => ({
  id: null,
  state: 'ended',
  query: { find: 'systems', by: { service: 'speech' } },
  complete: true,
  asked: [],
  systems: [],
  platforms: [],
  failure: null,
  ...more,
});
const offer = {
  kind: 'service',
  name: 'speech',
  version: '1',
  state: 'ACTIVE',
  transport: null,
  serializer: null,
} as const;
const platform: DiscoveryFound['platforms'][number] = {
  platform: 'id-platform',
  system: 'id-system',
  systemName: 'metro\u001b[2J',
  operator: 'operator-b',
  partner: 'operator-b',
  place: { lat: 48, lon: 11, km: 12.4 },
  offers: [{ ...offer, offer: 'id-offer', latencyMs: 5, achievableMs: 9.04, bandwidthKbps: null }],
};

describe('ferry discover', () => {
  it('shows each platform that offers it, by whom it is told, how quick and how far away it is', async () => {
    api.answer = answering(200, found({ platforms: [platform] }));
    const { exit, out } = await asked('service', 'speech');
    expect(exit).toBe(0);
    expect(out.split('\n')).toEqual([
      'offer   version  latency  achievable  system     told by     away   platform',
      'speech  1        5 ms     9 ms        metro?[2J  operator-b  12 km  id-platform',
      '',
    ]);
    expect(api.asked).toMatchObject([
      {
        url: '/v1/discoveries?waitSeconds=10',
        body: { find: 'platforms', wish: { what: { kind: 'service', name: 'speech' } } },
      },
    ]);
  });

  it.each([
    [
      [
        'application',
        'nav',
        '--near',
        '48.1,-11.5',
        '--within',
        '9',
        '--latency',
        '20',
        '--bandwidth',
        '7',
        '--for',
        'car',
      ],
      {
        find: 'platforms',
        wish: {
          what: { kind: 'application', name: 'nav' },
          forApplication: 'car',
          where: { lat: 48.1, lon: -11.5, withinKm: 9 },
          kpi: { latencyMs: 20, bandwidthKbps: 7 },
        },
      },
    ],
    [['service', 'speech', '--systems'], { find: 'systems', by: { service: 'speech' } }],
    [['application', 'nav', '--systems'], { find: 'systems', by: { application: 'nav' } }],
    [['device', 'car-1', 'car-2'], { find: 'systems', by: { devices: ['car-1', 'car-2'] } }],
    [['system', 'an-id'], { find: 'systems', by: { system: 'an-id' } }],
  ])('asks %j', async (typed, body) => {
    api.answer = answering(200, found());
    expect((await asked(...typed)).exit).toBe(1);
    expect(api.asked).toMatchObject([{ body }]);
  });

  it('says who did not answer, who refused, and that there may be more', async () => {
    const systems = [{ system: 'id', name: 'east', provider: 'Operator A', operator: 'operator-a', partner: null }];
    const others = [
      { partner: 'b', said: 'silent', found: 0 },
      { partner: 'c', said: 'refused', found: 0 },
      { partner: 'd', said: 'answered', found: 1 },
    ] as const;
    api.answer = answering(200, found({ systems, asked: [...others], complete: false }));
    expect((await asked('service', 'speech', '--systems')).out.split('\n')).toEqual([
      'system  provider    operator    told by  id',
      'east    Operator A  operator-a  ours     id',
      'b did not answer in time.',
      'c refused to answer.',
      'There may be more: not all partners have answered in full.',
      '',
    ]);
  });

  it('says that partners are still being asked', async () => {
    api.answer = answering(202, found({ id: 'the-id', state: 'working', complete: null }));
    const { out } = await asked('service', 'speech', '--wait', '0');
    expect(out).toBe('Nothing was found.\nPartners are still being asked: ask again for more (the-id).\n');
  });

  it.each([
    [['weather', 'speech'], 'say what: service, application, device, system'],
    [['service', 'speech', 'radio'], 'one service at a time'],
    [['service', 'speech', '--near', 'Munich'], 'Latitude and longitude in degrees'],
  ])('refuses %j before it asks', async (typed, why) => {
    const { exit, err } = await asked(...typed);
    expect([exit, api.asked.length]).toEqual([2, 0]);
    expect(err).toContain(why);
  });
});
