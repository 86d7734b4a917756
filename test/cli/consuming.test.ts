import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceBinding } from '../../api/service-bindings.ts';
import { answering, FakeApi, ferry } from './fake-api.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await FakeApi.start();
});
afterEach(async () => await api.stop());

const asked = async (...typed: readonly string[]) => await ferry(...typed, '--api', api.url);

const binding = (more: Partial<ServiceBinding> = {}): ServiceBinding => ({
  id: 'an-id',
  name: 'n1',
  side: 'consumer',
  state: 'open',
  step: null,
  waitingFor: null,
  actions: [],
  system: 'cellular',
  platform: 'a2',
  what: { kind: 'service', name: 'speech\u001b[2J' },
  forApplication: null,
  partner: 'b',
  operator: 'operator-b',
  requests: 1_204,
  bytes: 9,
  openedAt: null,
  usedAt: '2026-01-01T00:01:03.000Z',
  closedAt: null,
  why: null,
  asked: [],
  tried: 1,
  failure: null,
  leftovers: [],
  durationsMs: {},
  ...more,
});

describe('ferry consume', () => {
  it('asks for it, and waits until it is bound', async () => {
    api.answer = ({ method }, response) =>
      answering(
        200,
        method === 'POST' ? binding({ state: 'working', step: 'tell' }) : binding({ actions: ['release'] }),
      )({ method, url: '', headers: {}, body: undefined }, response);
    const { exit, out } = await asked('consume', 'speech', '--at', 'cellular/a2');
    expect(exit).toBe(0);
    expect(out).toContain('speech?[2J of operator-b can be used at a2');
    expect(out).toContain(`ferry release an-id --api ${api.url}\` ends it`);
    expect(api.asked).toMatchObject([
      {
        method: 'POST',
        url: '/v1/service-bindings',
        body: { system: 'cellular', platform: 'a2', what: { kind: 'service', name: 'speech' } },
      },
      { method: 'GET', url: '/v1/service-bindings/an-id' },
    ]);
  });

  it('ends with 1 where it is not bound, and says why, what to do and what is left', async () => {
    const failure = {
      type: 'PathNotOpen',
      step: 'confirm',
      message: 'no way',
      remedy: 'Look at the gateways.',
    } as const;
    api.answer = answering(200, binding({ state: 'failed', failure, leftovers: ['retractDecision'] }));
    const { exit, out } = await asked('consume', 'speech', '--at', 'cellular/a2');
    expect(exit).toBe(1);
    expect(out).toContain('PathNotOpen at step confirm: no way. Look at the gateways.');
    expect(out).toContain('Left to be undone: retractDecision.');
    expect(out).not.toContain('ferry release');
  });

  it.each(['cellular', '/a2', 'cellular/', 'a/b/c'])('refuses --at %s before it asks', async (at) => {
    const { exit, err } = await asked('consume', 'speech', '--at', at);
    expect([exit, api.asked.length]).toEqual([2, 0]);
    expect(err).toContain('--at says system and host');
  });
});

describe('ferry bindings', () => {
  it('shows all pages of both sides', async () => {
    const path = '/v1/service-bindings?all=true&limit=100';
    api.answer = ({ url, ...rest }, response) =>
      answering(
        200,
        url.endsWith('&next=1')
          ? { bindings: [binding({ side: 'producer', id: 'other', usedAt: null, partner: null })], next: null }
          : { bindings: [binding()], next: '1' },
      )({ url, ...rest }, response);
    const { exit, out } = await asked('bindings', '--all');
    expect(exit).toBe(0);
    expect(out.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['what', 'at', 'side', 'partner', 'state', 'requests', 'used', 'id'],
      ['speech?[2J', 'a2 of cellular', 'consumer', 'b', 'open', '1204', expect.stringMatching(/^\d+d ago$/), 'an-id'],
      ['speech?[2J', 'a2 of cellular', 'producer', '-', 'open', '1204', '-', 'other'],
      [''],
    ]);
    expect(api.asked.map(({ url }) => url)).toEqual([path, `${path}&next=1`]);
  });

  it('says that there are none', async () => {
    api.answer = answering(200, { bindings: [], next: null });
    expect((await asked('bindings')).out).toBe('No bindings.\n');
  });
});

describe('ferry release', () => {
  it('finds it by the end of its id; more than one that ends so are told, and none is ended', async () => {
    const id = (at: number) => `0199999${at}-1111-7111-8111-11111111beef`;
    api.answer = answering(200, {
      bindings: [binding({ id: id(1) })],
      next: null,
      what: { name: 'x' },
      platform: 'a2',
    });
    expect((await asked('release', 'beef')).exit).toBe(0);
    expect(api.asked.at(-1)).toMatchObject({ method: 'DELETE', url: `/v1/service-bindings/${id(1)}` });
    api.answer = answering(200, { bindings: [1, 2].map((at) => binding({ id: id(at) })), next: null });
    const { exit, err } = await asked('release', 'beef');
    expect([exit, api.asked.at(-1)?.method]).toEqual([3, 'GET']);
    expect(err).toContain(`  ${id(2)}  speech?[2J at a2 of cellular`);
  });

  it('ends the one that is named, also where its id is odd', async () => {
    api.answer = answering(202, binding());
    const { exit, out } = await asked('release', 'an/id');
    expect([exit, out]).toEqual([0, 'speech?[2J at a2 is being released.\n']);
    expect(api.asked).toMatchObject([{ method: 'DELETE', url: '/v1/service-bindings/an%2Fid' }]);
  });

  it('says of one that is closed that it is', async () => {
    api.answer = answering(202, binding({ state: 'closed' }));
    expect((await asked('release', 'an/id')).out).toBe('speech?[2J at a2 is closed.\n');
  });

  it('says that there is none', async () => {
    api.answer = answering(404, {
      type: 'urn:ferry:failure:UnknownBinding',
      title: 'no',
      detail: 'there is no binding x',
    });
    const { exit, err } = await asked('release', 'x');
    expect(exit).not.toBe(0);
    expect(err).toContain('there is no binding x');
  });
});
