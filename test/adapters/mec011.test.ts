import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mec011Capabilities } from '../../adapters/mec011/capabilities.ts';
import { probed } from '../../adapters/survey.ts';
import { missingServices } from '../../adapters/mec011/services.ts';
import { busy } from '../support/busy.ts';
import { faultyServer, type FaultyServer, type Heard, type Reply } from '../support/faulty-server.ts';

const soon = (): AbortSignal => AbortSignal.timeout(Math.round(5_000 * busy()));

let peer: FaultyServer;
let before: (heard: Heard) => Reply | undefined;

beforeEach(async () => {
  before = () => undefined;
  peer = await faultyServer((heard) => before(heard) ?? { status: 404, json: { detail: 'no such instance' } });
});
afterEach(async () => await peer.close());

describe('services', () => {
  beforeEach(() => {
    before = ({ path, query }) =>
      path === '/mec_service_mgmt/v1/services'
        ? {
            status: 200,
            json: [
              { serName: 'RNIS', state: 'INACTIVE' },
              { serName: 'RNIS', state: 'ACTIVE' },
              { serName: 'AMS', state: 'SUSPENDED' },
            ].filter(({ serName }) => query.getAll('ser_name').includes(serName)),
          }
        : undefined;
  });

  it('are missing unless an instance of theirs is ACTIVE', async () => {
    expect(await missingServices(peer.exchange, ['RNIS', 'AMS', 'LOC'], soon())).toEqual(['AMS', 'LOC']);
  });

  it('are those of this very platform: one of another that may be consumed from here does not count', async () => {
    before = () => ({
      status: 200,
      json: [
        { serName: 'RNIS', state: 'ACTIVE', isLocal: false },
        { serName: 'AMS', state: 'ACTIVE', isLocal: true },
        { serName: 'LOC', state: 'ACTIVE' },
      ],
    });
    expect(await missingServices(peer.exchange, ['RNIS', 'AMS', 'LOC'], soon())).toEqual(['RNIS']);
  });

  it.each([400, 403, 414])('are asked for without a query where the platform refuses it (%i)', async (status) => {
    before = ({ query }) =>
      query.size > 0 ? { status } : { status: 200, json: [{ serName: 'RNIS', state: 'ACTIVE' }, { odd: true }, null] };
    expect(await missingServices(peer.exchange, ['RNIS', 'AMS'], soon())).toEqual(['AMS']);
  });

  it.each([
    ['null', { status: 200, json: null }],
    ['nothing', { status: 204 }],
    ['that there is no such list', { status: 501 }],
    ['that it knows no such path', { status: 404 }],
  ])('are all missing where the platform answers %s', async (_, reply) => {
    before = () => reply;
    expect(await missingServices(peer.exchange, ['RNIS'], soon())).toEqual(['RNIS']);
  });

  it('are found among ten thousand of others, in several parts, beside what no schema takes', async () => {
    const others = Array.from({ length: 10_000 }, (_, n) => ({
      serInstanceId: `${n}`,
      serName: `other-${n}`,
      state: 'ACTIVE',
      transportInfo: { id: 'x', description: 'x'.repeat(500) },
    }));
    const odd = '{"serName":7},{"serName":"RNIS","state":"ACTIVE","constructor":{}},null';
    before = ({ query }) =>
      query.has('part')
        ? { status: 200, text: `[${odd},{"serName":"RNIS","state":"ACTIVE"}]` }
        : { status: 200, json: others, headers: { link: '</mec_service_mgmt/v1/services?part=2>; rel="next"' } };
    expect(await missingServices(peer.exchange, ['RNIS', 'AMS'], soon())).toEqual(['AMS']);
    expect(peer.heard).toHaveLength(2);
  });

  it('are not asked for when none is required', async () => {
    expect(await missingServices(peer.exchange, [], soon())).toEqual([]);
    expect(peer.heard).toEqual([]);
  });
});

describe('the capabilities of a platform', () => {
  const told = async () => {
    const capabilities = await probed(peer.exchange, mec011Capabilities, soon());
    return capabilities.map(({ available }) => available);
  };

  it('include rules where it only does not know the instance', async () => {
    before = ({ path }) => (path.endsWith('/services') ? { status: 200, json: [] } : undefined);
    expect(await told()).toEqual([true, true, true]);
  });

  it.each([400, 422])('include rules where it does not take an id of nobody (%i)', async (status) => {
    before = ({ path }) => (path.endsWith('/services') ? { status: 200, json: [] } : { status });
    expect(await told()).toEqual([true, true, true]);
  });

  it.each([403, 404, 409])('include rules where it tells in a problem document why not (%i)', async (status) => {
    before = ({ path }) =>
      path.endsWith('/services') ? { status: 200, json: [] } : { status, json: { detail: 'not instantiated' } };
    expect(await told()).toEqual([true, true, true]);
  });

  it('do not include rules where it answers 501, or knows no such path', async () => {
    before = ({ path }) => (path.includes('dns_rules') ? { status: 501 } : { status: 404, text: 'Cannot GET' });
    expect(await told()).toEqual([false, false, false]);
  });

  it('are not known while it does not answer', async () => {
    before = () => ({ status: 503 });
    await expect(told()).rejects.toMatchObject({ type: 'PeerUnavailable' });
  });
});
