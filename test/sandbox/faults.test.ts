import { Router } from 'express';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FaultOrder, FaultOrder as Order, Faults } from '../../sandbox/faults.ts';
import { Journal } from '../../sandbox/journal.ts';
import { type Peer, servePeer } from '../../sandbox/peer.ts';
import { claimNetwork } from '../support/network.ts';

const { net: NET } = await claimNetwork();

let peer: Peer;
let journal: Journal;
let faults: Faults;
let counted = 0;

beforeEach(async () => {
  [journal, faults, counted] = [new Journal(), new Faults(), 0];
  const routes = Router().post('/counters/:name/up', (req, res) => {
    if (faults.acting(req, 'noEffect') === undefined) counted += 1;
    res.json({ counted });
  });
  const plan = { name: 'counter', address: `127.${NET}.0.11`, port: 0, routes, state: () => ({ counted }) };
  peer = await servePeer(plan, { journal, faults });
});
afterEach(async () => {
  faults.clear();
  await peer.close();
});

type Kind = FaultOrder extends infer O
  ? O extends { kind: string }
    ? Omit<O, 'peer' | 'operation' | 'nth'>
    : never
  : never;
const order = (kind: Kind & { nth?: number; operation?: string; peer?: string }) =>
  faults.add(Order.parse({ peer: 'counter', operation: 'POST /counters/*/up', ...kind }));
const up = async (signal: AbortSignal = AbortSignal.timeout(5_000)) =>
  await fetch(`${peer.url}/counters/a/up`, { method: 'POST', signal });
const last = () => journal.since(0).at(-1);

describe('a fault', () => {
  it('latency: answers later', async () => {
    order({ kind: 'latency', ms: 150 });
    const before = performance.now();
    expect((await up()).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThan(140);
  });

  it('status: refuses before anything is done, with Retry-After and body as ordered', async () => {
    order({ kind: 'status', status: 503, retryAfter: 2, body: { why: 'full' } });
    const answer = await up();
    expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toEqual([
      503,
      '2',
      { why: 'full' },
    ]);
    expect(counted).toBe(0);
    expect(last()).toMatchObject({ effect: false, status: 503, fault: 'status', phase: 'answered' });
  });

  it('reset: breaks the connection before anything is done', async () => {
    order({ kind: 'reset' });
    await expect(up()).rejects.toThrow('fetch failed');
    expect(counted).toBe(0);
    expect(last()).toMatchObject({ effect: false, fault: 'reset', phase: 'lost' });
  });

  it('answerLost as reset: executes, then breaks the connection', async () => {
    order({ kind: 'answerLost', as: 'reset' });
    await expect(up()).rejects.toThrow('fetch failed');
    expect(counted).toBe(1);
    expect(last()).toMatchObject({ effect: true, status: 200, fault: 'answerLost', phase: 'lost' });
  });

  it('answerLost as 504: executes, then answers as a gateway would', async () => {
    order({ kind: 'answerLost', as: '504' });
    const answer = await up();
    expect([answer.status, counted]).toEqual([504, 1]);
    expect(await answer.json()).toMatchObject({ status: 504 });
    expect(last()).toMatchObject({ effect: true, status: 200, phase: 'lost' });
  });

  it('answerLost as silence: executes, and never answers', async () => {
    order({ kind: 'answerLost', as: 'silence' });
    await expect(up(AbortSignal.timeout(200))).rejects.toThrow('timeout');
    expect(counted).toBe(1);
    expect(last()).toMatchObject({ effect: true, phase: 'lost' });
  });

  it('hold before: nothing is done until it is released, then it is done even when the caller has left', async () => {
    const fault = order({ kind: 'hold', when: 'before', times: 1 });
    const caller = new AbortController();
    const call = up(caller.signal);
    await vi.waitFor(() => expect(fault).toMatchObject({ held: 1 }));
    expect([counted, last()?.phase]).toEqual([0, 'received']);
    caller.abort();
    await expect(call).rejects.toThrow('aborted');
    fault.release();
    await vi.waitFor(() => expect([counted, last()?.effect]).toEqual([1, true]));
  });

  it('hold executed: it is done, and answered when it is released', async () => {
    const fault = order({ kind: 'hold', when: 'executed', times: 1 });
    const call = up();
    await vi.waitFor(() => expect(fault).toMatchObject({ held: 1 }));
    expect([counted, last()?.phase]).toEqual([1, 'executed']);
    fault.release();
    expect((await call).status).toBe(200);
    expect(last()?.phase).toBe('answered');
  });

  it('noEffect: is answered as a success, and acted out by the peer', async () => {
    const fault = order({ kind: 'noEffect' });
    expect((await up()).status).toBe(200);
    expect([counted, fault.fired, last()?.effect]).toEqual([0, 1, false]);
  });

  it('meets from the n-th matching call on, for so many calls', async () => {
    const fault = order({ kind: 'status', status: 500, nth: 2, times: 2 });
    const statuses = [];
    for (let i = 0; i < 5; i += 1) statuses.push((await up()).status);
    expect(statuses).toEqual([200, 500, 500, 200, 200]);
    expect(fault.fired).toBe(2);
  });

  it('meets only its peer, its method and its path', async () => {
    order({ kind: 'reset', peer: 'other' });
    order({ kind: 'reset', operation: 'GET /counters/*/up' });
    order({ kind: 'reset', operation: 'POST /counters/*' });
    order({ kind: 'reset', operation: 'POST /counters/b/up' });
    expect((await up()).status).toBe(200);
    expect(faults.list().every(({ fired }) => fired === 0)).toBe(true);
  });

  it('is forgotten with all others, and lets go what it holds', async () => {
    const fault = order({ kind: 'hold', when: 'before' });
    const call = up();
    await vi.waitFor(() => expect(fault).toMatchObject({ held: 1 }));
    faults.clear();
    expect((await call).status).toBe(200);
    expect((await up()).status).toBe(200);
    expect(faults.list()).toEqual([]);
  });
});
