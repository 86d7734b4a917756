import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { offersExample, zonesExample } from '../../api/northbound/examples.ts';
import type { OfferList, ZoneList } from '../../api/offered.ts';
import { answering, FakeApi, ferry } from './fake-api.ts';

let api: FakeApi;
const asked: string[] = [];
beforeEach(async () => {
  api = await FakeApi.start();
  asked.length = 0;
});
afterEach(async () => await api.stop());

const pages = (...all: readonly object[]): void => {
  api.answer = (request, response) => {
    asked.push(request.url);
    answering(200, all[asked.length - 1])(request, response);
  };
};
const [offer] = offersExample.offers as [OfferList['offers'][number]];
const [zone] = zonesExample.zones as [ZoneList['zones'][number]];

describe('ferry offers', () => {
  it('shows every page of what is offered under a name, whose it is, and how near it is said to be', async () => {
    const ours = {
      ...offer,
      partner: null,
      operator: 'operator-a',
      latencyMs: null,
      name: 'speech\u001b[2J',
      id: 'o-2',
    };
    pages({ offers: [offer], next: '1' }, { offers: [ours], next: null });
    const path = '/v1/offers?kind=service&name=speech&limit=100';
    const { exit, out } = await ferry('offers', 'speech', '--kind', 'service', '--api', api.url);
    expect([exit, asked]).toEqual([0, [path, `${path}&next=1`]]);
    for (const shown of ['speech', 'metro', 'operator-b', '4 ms', 'ours', 'speech?[2J']) expect(out).toContain(shown);
  });

  it('writes one document with --json, and says that there is nothing', async () => {
    const none = { offers: [], next: null };
    pages(offersExample, none, none);
    expect(JSON.parse((await ferry('offers', '--json', '--api', api.url)).out)).toEqual(offersExample);
    expect((await ferry('offers', '--api', api.url)).out).toBe('Nothing is offered.\n');
    const { out } = await ferry('offers', 'speech', '--api', api.url);
    expect(out).toMatch(/^Nothing called speech is known\. `.* discover service speech .*` asks partners for it\.\n$/);
  });
});

describe('ferry zones', () => {
  it('shows where they are, and which of a partner are not taken', async () => {
    pages({ zones: [zone, { ...zone, zone: 'z', partner: 'b', accepted: false, lat: null, lon: null }], next: null });
    const { exit, out } = await ferry('zones', '--api', api.url);
    expect(exit).toBe(0);
    for (const shown of ['north', 'cellular', '52.396, 13.058', 'Upper districts', 'b, not taken'])
      expect(out).toContain(shown);
  });
});
