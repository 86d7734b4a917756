import { describe, expect, it } from 'vitest';
import { networkHandlers } from '../../api/northbound/network.ts';
import type { Procedures } from '../../api/northbound/procedures.ts';
import { Reader } from '../../api/northbound/reader.ts';
import { ledBy } from '../../api/northbound/led.ts';
import type { Standing } from '../../domain/anchoring.ts';
import { named, nowhere } from '../support/api.ts';

/** What leads devices of other networks to an application, as the memos of its anchors tell. */
const standing: Standing = {
  way: 'holder',
  relayed: false,
  source: 'a2',
  from: 'i2',
  holder: { site: 'w1', instance: 'h1' },
  observed: true,
  exposed: 0,
  lacking: 0,
  under: null,
  trouble: null,
};
const request = { application: 'counter', users: '*', source: 'a1', network: 'wifi' };
const led = {
  network: 'wifi',
  site: 'a2',
  instance: 'i2',
  way: 'holder',
  holder: standing.holder,
  relayed: false,
  silentSince: null,
};

describe('what leads to an application', () => {
  it('is told of where it leads now, and of one that does not hold yet where it was asked for', () => {
    const told = ledBy([
      { request, standing },
      { request: { ...request, application: 'game' }, standing: null },
    ]);
    expect(told.get('counter')).toEqual([{ ...led, everybody: true, anchors: 1 }]);
    const silentSince = '2026-01-01T00:00:00.000Z';
    const lost = ledBy([
      { request, standing },
      { request, standing: { ...standing, silentSince } },
    ]);
    expect(lost.get('counter')).toEqual([{ ...led, silentSince, everybody: true, anchors: 2 }]);
    const unknown = {
      network: 'wifi',
      site: 'a1',
      instance: null,
      way: null,
      holder: null,
      relayed: false,
      silentSince: null,
    };
    expect(told.get('game')).toEqual([{ ...unknown, everybody: true, anchors: 1 }]);
  });

  it('is one for a thousand users that are led alike, none of whom is named', () => {
    const users = Array.from({ length: 1_000 }, (_, n) => ({ request: { ...request, users: `ue-${n}` }, standing }));
    const told = ledBy(users).get('counter');
    expect(told).toEqual([{ ...led, everybody: false, anchors: 1_000 }]);
    expect(ledBy([...users, { request, standing }]).get('counter')).toEqual([
      { ...led, everybody: true, anchors: 1_001 },
    ]);
  });

  it('passes over what others have started, and is never long', () => {
    expect(ledBy([undefined, null, {}, { standing }, { request: { ...request }, standing: null }]).size).toBe(1);
    const networks = Array.from({ length: 1_000 }, (_, n) => ({ request: { ...request, network: `n${n}` }, standing }));
    expect(ledBy([...networks, ...networks]).get('counter')).toHaveLength(100);
  });

  it('is not known where the index does not answer, and where the application is, is told all the same', async () => {
    const temporal = nowhere();
    const procedures = { locate: async () => [{ name: 'counter', sites: [] }] } as unknown as Procedures;
    const told: unknown[] = [];
    const res = { json: (body: unknown) => void told.push(body) };
    try {
      const { listApplications, showApplication } = networkHandlers(
        named,
        procedures,
        temporal,
        new Reader(temporal, undefined),
      );
      await listApplications({ res } as never);
      await showApplication({ res, params: { name: 'counter' } } as never);
    } finally {
      await temporal.connection.close();
    }
    const counter = { name: 'counter', sites: [], led: null };
    expect(told).toEqual([{ applications: [counter] }, { ...counter, contract: null }]);
  });
});
