import { get } from 'node:https';
import { Router } from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { demanding, filesOf, keep, TLS_PORT } from '../../sandbox/certificates/files.ts';
import { Faults } from '../../sandbox/faults.ts';
import { Journal } from '../../sandbox/journal.ts';
import { type Peer, servePeer } from '../../sandbox/peer.ts';
import { Certificates } from '../support/certificates.ts';
import { claimNetwork } from '../support/network.ts';

const { net: NET } = await claimNetwork();

const address = `127.${NET}.0.10`;
let peer: Peer;
let journal: Journal;

beforeEach(async () => {
  journal = new Journal();
  const inner = Router().get('/inner/:id', (_req, res) => void res.json({}));
  const routes = Router()
    .get('/things/:id', (req, res) => void res.json({ id: req.params.id }))
    .put('/things/:id', (req, res) => void res.json(z.strictObject({ colour: z.string() }).parse(req.body)))
    .post('/archives', (req, res) => void res.json({ bytes: (req.body as Buffer).length }))
    .get('/bug', () => {
      throw new Error('broken');
    })
    .use('/outer', inner);
  peer = await servePeer(
    { name: 'thing', address, port: 0, routes, state: () => null },
    { journal, faults: new Faults() },
  );
});
afterEach(async () => await peer.close());

const put = async (path: string, body: string, type = 'application/json') =>
  await fetch(`${peer.url}${path}`, { method: 'PUT', headers: { 'content-type': type }, body });

describe('a peer', () => {
  it('answers 404 with a problem document for an unknown path', async () => {
    const answer = await fetch(`${peer.url}/nothing`);
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({ status: 404, title: 'Not Found', detail: 'nothing at /nothing' });
  });

  it('answers 405 and tells the methods of a known path, also within a mounted router', async () => {
    const answer = await fetch(`${peer.url}/things/1`, { method: 'DELETE' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, PUT']);
    const inner = await fetch(`${peer.url}/outer/inner/1`, { method: 'POST' });
    expect([inner.status, inner.headers.get('allow')]).toEqual([405, 'GET']);
  });

  it('answers 400 for a body that is no JSON and for one that does not fit, 413 for one too large', async () => {
    expect((await put('/things/1', '{')).status).toBe(400);
    expect(await (await put('/things/1', '{"color":1}')).json()).toMatchObject({
      status: 400,
      detail: expect.stringContaining('colour') as string,
    });
    expect((await put('/things/1', JSON.stringify({ colour: 'x'.repeat(2 ** 20) }))).status).toBe(413);
  });

  it('takes an archive as bytes', async () => {
    const init = { method: 'POST', headers: { 'content-type': 'application/zip' }, body: new Uint8Array(2 ** 20 + 7) };
    expect(await (await fetch(`${peer.url}/archives`, init)).json()).toEqual({ bytes: 2 ** 20 + 7 });
  });

  it('answers 500 for a bug and lives on', async () => {
    expect((await fetch(`${peer.url}/bug`)).status).toBe(500);
    expect((await fetch(`${peer.url}/things/1`)).status).toBe(200);
  });

  it('writes every call into the journal, and whether it changed anything', async () => {
    await fetch(`${peer.url}/things/1?x=y`);
    await put('/things/1', '{"colour":"red"}');
    await put('/things/1', '{}');
    const told = journal
      .since(0)
      .map(({ n, method, path, effect, status, phase }) => [n, method, path, effect, status, phase]);
    expect(told).toEqual([
      [1, 'GET', '/things/1?x=y', false, 200, 'answered'],
      [2, 'PUT', '/things/1', true, 200, 'answered'],
      [3, 'PUT', '/things/1', false, 400, 'answered'],
    ]);
    expect(journal.since(2).map(({ n }) => n)).toEqual([3]);
  });

  it('says which command makes an address that does not exist', async () => {
    const plan = { name: 'far', address: '192.0.2.1', port: 0, routes: Router(), state: () => null };
    await expect(servePeer(plan, { journal, faults: new Faults() })).rejects.toThrow('ifconfig lo0 alias 192.0.2.1');
  });
});

it('that has a certificate serves by TLS as well, whoever shows one of the same authority, and writes down who that is', async () => {
  const [ours, others] = [await Certificates.of('ours'), await Certificates.of('others')];
  ours.file('ca.pem', ours.authority.pem);
  keep(filesOf(ours.folder, 'secured'), await ours.authority.issue('secured', [{ type: 'ip', value: address }]));
  keep(filesOf(ours.folder, 'ferry'), await ours.authority.issue('ferry'));
  keep(filesOf(others.folder, 'ferry'), await others.authority.issue('ferry'));
  const routes = Router().get('/', (_req, res) => void res.json({}));
  const secured = await servePeer(
    { name: 'secured', address, port: 0, routes, state: () => null },
    { journal, faults: new Faults(), certificates: ours.folder },
  );
  const asked = async (shown: object): Promise<number | string | undefined> =>
    await new Promise((resolve) => {
      const ca = ours.authority.pem;
      get({ host: address, port: TLS_PORT, agent: false, ca, ...shown }, ({ statusCode }) => resolve(statusCode)).on(
        'error',
        ({ code }: NodeJS.ErrnoException) => resolve(code),
      );
    });
  const { cert, key } = demanding(filesOf(ours.folder, 'ferry'));
  expect(await asked({ cert, key })).toBe(200);
  expect(await asked({})).toMatch(/ECONNRESET|EPIPE|ALERT/);
  const strange = { ...filesOf(others.folder, 'ferry'), ca: filesOf(ours.folder, '').ca };
  const { cert: theirs, key: theirKey } = demanding(strange);
  expect(await asked({ cert: theirs, key: theirKey })).toMatch(/ECONNRESET|EPIPE|ALERT/);
  expect((await fetch(secured.url)).status).toBe(200);
  expect(journal.since(0).map(({ by }) => by)).toEqual(['ferry', undefined]);
  await secured.close();
  for (const certificates of [ours, others]) certificates.end();
});
