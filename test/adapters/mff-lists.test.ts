import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ewbiPartner } from '../../adapters/ewbi/partner.ts';
import { mffPartner } from '../../adapters/mff/partner.ts';
import { type FaultyServer, faultyServer, type Heard, type Reply } from '../support/faulty-server.ts';

let server: FaultyServer;
afterEach(async () => await server.close());

const base = '/mff/v1/context';
const letters = (n: number): string => String(n).replaceAll(/\d/g, (digit) => 'bcdefghijk'[Number(digit)] ?? '');
const system = (n: number): object => ({ system: `s-${n}`, name: `n-${n}`, provider: 'P' });
const binding = (n: number): object => ({ name: `f${letters(n).padStart(25, 'a')}`, state: 'open', ageSeconds: 1 });

type Serve = (heard: Heard, res: ServerResponse, entry: (n: number) => object) => Reply | undefined;

const page = (entries: object[], next?: string): Reply => ({
  status: 200,
  json: entries,
  headers: next === undefined ? {} : { link: `<${next}>; rel="next"` },
});

const lists = {
  systems: {
    entry: system,
    ask: async () =>
      await mffPartner(server.exchange, { operator: 'b' }).systems('context', null, AbortSignal.timeout(60_000)),
  },
  bindings: {
    entry: binding,
    ask: async () =>
      await mffPartner(server.exchange, { operator: 'b' }).bindings('context', AbortSignal.timeout(60_000)),
  },
};

describe.each(Object.entries(lists))('a partner’s list of %s', (name, { entry, ask }) => {
  const served = async (serve: Serve): Promise<void> => {
    server = await faultyServer((heard, res) => serve(heard, res, entry), { timeoutMs: 10_000 });
  };

  it.each<[string, Serve]>([
    ['always leads to another page', ({ query }, _, of) => page([of(1)], `?n=${Number(query.get('n')) + 1}`)],
    ['leads to itself', (_, __, of) => page([of(1)], `${base}/${name}`)],
    ['goes in circles', ({ query }, _, of) => page([of(1)], query.has('n') ? `${base}/${name}` : '?n=1')],
    ['has pages without anything', ({ query }) => page([], `?n=${Number(query.get('n')) + 1}`)],
  ])('that %s is given up after some twenty', async (_, serve) => {
    await served(serve);
    await expect(ask()).rejects.toMatchObject({
      type: 'PeerMalformed',
      message: expect.stringContaining('no end within') as string,
    });
    expect(server.heard.length).toBeLessThanOrEqual(21);
  });

  it.each([
    ['another host', 'http://127.0.0.9:1/mff/v1/context/list'],
    ['another scheme', 'file:///etc/passwd'],
    ['nobody', 'http://'],
    ['a host beside it', '//127.0.0.9/mff/v1'],
  ])('that leads to %s is not followed', async (_, next) => {
    await served((__, ___, of) => page([of(1)], next));
    await expect(ask()).rejects.toMatchObject({
      type: 'PeerMalformed',
      message: expect.stringContaining('leads to another host') as string,
    });
    expect(server.heard).toHaveLength(1);
  });

  it.each([
    ['fitting', (n: number, of: (n: number) => object) => of(n)],
    ['odd', (n: number) => ({ n })],
  ])('that never ends on one page, of %s entries, is left while it still comes', async (_, what) => {
    let written = 0;
    let left = false;
    await served((__, res, of) => {
      res.writeHead(200, { 'content-type': 'application/json' }).write('[');
      res.on('close', () => (left = true));
      const more = (): void => {
        while (!res.destroyed) {
          written += 100;
          const some = Array.from({ length: 100 }, (___, n) => JSON.stringify(what(written + n, of))).join(',');
          if (!res.write(`${some},`)) return void res.once('drain', more);
        }
      };
      more();
      return undefined;
    });
    await expect(ask()).rejects.toMatchObject({
      type: 'PeerMalformed',
      message: expect.stringContaining('more than 10000') as string,
    });
    await vi.waitFor(() => expect(left).toBe(true), 10_000);
  });

  it('of ten thousand is read, and one that is cut short is none', async () => {
    await served(({ query }, _, of) => {
      const n = Number(query.get('n'));
      const entries = Array.from({ length: 500 }, (__, nth) => of(n * 500 + nth));
      return page(entries, n < 19 ? `?n=${n + 1}` : undefined);
    });
    const all = await ask();
    expect('systems' in Object(all) ? (all as { systems: readonly object[] }).systems : all).toHaveLength(10_000);
    await server.close();
    await served((_, res, of) => {
      res.writeHead(200, { 'content-type': 'application/json' }).write(`[${JSON.stringify(of(1))},`);
      setImmediate(() => res.destroy());
      return undefined;
    });
    await expect(ask()).rejects.toMatchObject({ type: expect.stringMatching(/^Peer/) as string });
  });
});

describe('what is not there for a partner (404)', () => {
  const name = 'n'.repeat(26);
  const announcement = { name, offer: 'offer', forApplication: null };
  const question = {
    message: 'm',
    via: { origin: 'a', visited: [], hops: 0, patienceMs: 1_000 },
    wish: { what: { kind: 'service' as const, name: 'speech' } },
  };
  const mine = (): ReturnType<typeof mffPartner> => mffPartner(server.exchange, { operator: 'b' });
  const ewbi = (): ReturnType<typeof ewbiPartner> =>
    ewbiPartner(server.exchange, { us, operator: 'b', dialect: 'ferry', callbackCredentials: async () => undefined });
  const us = { id: 'a', country: 'DE', mcc: '262', mncs: ['01'], url: 'https://a.example' };

  const questions: [string, (signal: AbortSignal) => Promise<unknown>, unknown][] = [
    ['relation', async (signal) => await mine().relation('context', signal), 'gone'],
    ['systems', async (signal) => await mine().systems('context', null, signal), 'gone'],
    ['zones', async (signal) => await ewbi().zones('context', signal), 'gone'],
    ['bindings', async (signal) => await mine().bindings('context', signal), []],
    ['announced', async (signal) => await mine().announce('context', announcement, signal), 'absent'],
    ['binding', async (signal) => await mine().binding('context', name, signal), 'absent'],
    ['withdrawn', async (signal) => await mine().withdraw('context', name, signal), 'absent'],
    ['found', async (signal) => await mine().findPlatforms('context', question, signal), 'gone'],
    ['zones accepted', async (signal) => await ewbi().acceptZones('context', ['z'], 'key', signal), 'gone'],
    ['left', async (signal) => await ewbi().leave('context', signal), undefined],
  ];

  it.each(questions)('is an answer, and no failure: %s', async (_what, ask, told) => {
    server = await faultyServer(() => ({ status: 404, json: { title: 'Not Found' } }), { timeoutMs: 10_000 });
    await expect(ask(AbortSignal.timeout(60_000))).resolves.toEqual(told);
  });

  it.each(questions)('is none by whatever stands in front of it, and ends nothing: %s', async (_what, ask) => {
    let odd: object = { text: 'default backend - 404' };
    server = await faultyServer(() => ({ status: 404, ...odd }), { timeoutMs: 10_000 });
    for (odd of [odd, { json: { message: 'no Route matched' } }, {}])
      await expect(ask(AbortSignal.timeout(60_000))).rejects.toMatchObject({
        type: 'PeerUnavailable',
        message: expect.stringContaining('not as a federator does') as string,
      });
  });

  it('nor is why it closed something more than a line without addresses', async () => {
    const why = 'of \u202ehttp://10.2.3.4/x\n\u001b[31m';
    server = await faultyServer(() => ({ status: 200, json: { state: 'closed', why } }), { timeoutMs: 10_000 });
    const said = await mine().announce('context', announcement, AbortSignal.timeout(60_000));
    expect(said).toEqual({ state: 'closed', why: 'of <uri> [31m' });
  });
});
