import type { Client } from '@temporalio/client';
import express from 'express';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { networkHandlers } from '../../api/northbound/network.ts';
import type { Procedures } from '../../api/northbound/procedures.ts';
import type { Reader } from '../../api/northbound/reader.ts';
import { type PeerSeen, seenNow } from '../../domain/peer-seen.ts';
import { named } from '../support/api.ts';

const [SITES, CONSOLES] = [200, 10];
const names = Array.from({ length: SITES }, (_, at) => `s${at}`);
const site = (platform: string) => ({ kind: 'mecHost' as const, system: 'cellular', platform });
const sites = Object.fromEntries(names.map((name) => [name, site(name)])) as unknown as typeof named.sites;
const early = '2026-01-01T00:00:00.000Z';
const late = '2026-01-01T00:01:00.000Z';

/** So much is sent to the consoles that ask, each with what it was told last. */
async function sent(looks: readonly (readonly PeerSeen[])[]): Promise<{ statuses: number[][]; bytes: number[] }> {
  const [statuses, bytes]: [number[][], number[]] = [[], []];
  const consoles = Array.from({ length: CONSOLES }, () => new Headers());
  for (const seen of looks) {
    const procedures = { look: async () => seen } as unknown as Procedures;
    const handlers = networkHandlers({ ...named, sites }, procedures, {} as Client, {} as Reader);
    const app = express().disable('etag');
    app.get('/v1/sites', (req, res) => {
      const { 'if-none-match': tag } = req.headers;
      void handlers.listSites({
        params: undefined,
        query: { waitSeconds: 5 },
        headers: { 'if-none-match': tag },
        body: undefined,
        req,
        res,
      });
    });
    const server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const heard = await Promise.all(
      consoles.map(async (headers) => {
        const answer = await fetch(`http://127.0.0.1:${port}/v1/sites`, { headers });
        headers.set('if-none-match', answer.headers.get('etag') ?? '');
        expect(answer.headers.get('cache-control')).toBe('private, no-cache');
        return { status: answer.status, length: (await answer.arrayBuffer()).byteLength };
      }),
    );
    statuses.push([...new Set(heard.map(({ status }) => status))]);
    bytes.push(heard.reduce((sum, { length }) => sum + length, 0));
    server.close();
  }
  return { statuses, bytes };
}

it('200 sites are sent to ten consoles once, and again when a peer falls silent, not whenever one was asked again', async () => {
  const answer = (at: string, before?: readonly PeerSeen[]) =>
    names.map((name, n) => seenNow(name, null, at, before?.[n]));
  const first = answer(early);
  const again = answer(late, first);
  const silent = [seenNow('s0', 's0: connect ECONNREFUSED', '2026-01-01T00:02:00.000Z', again[0]), ...again.slice(1)];
  const still = [seenNow('s0', 's0: connect ECONNREFUSED', '2026-01-01T00:03:00.000Z', silent[0]), ...again.slice(1)];
  const { statuses, bytes } = await sent([first, again, silent, still]);
  expect(statuses).toEqual([[200], [304], [200], [304]]);
  expect([bytes[1], bytes[3]]).toEqual([0, 0]);
  expect(bytes[0]).toBeGreaterThan(CONSOLES * SITES * 100);
});
