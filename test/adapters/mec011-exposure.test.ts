import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Exchange } from '../../adapters/http.ts';
import { mec011Exposure } from '../../adapters/mec011/exposure.ts';
import { type FaultyServer, faultyServer, type Heard, type Reply } from '../support/faulty-server.ts';

/** A platform on a real socket (MEC 011): what our gateway has registered there. */
const PATH = '/mec_service_mgmt/v1/applications/our%20gateway/services';
let platform: FaultyServer;
let answer: (heard: Heard) => Reply;
beforeAll(async () => {
  platform = await faultyServer((heard) => answer(heard));
});
afterAll(async () => await platform?.close());
beforeEach(() => {
  (platform.heard as unknown[]).length = 0;
});

const exposure = () =>
  mec011Exposure(
    new Exchange({ name: 'platform', url: platform.url, timeoutMs: 2_000 }, pino({ level: 'silent' })),
    'our gateway',
  );
const { signal } = new AbortController();
const service = { serInstanceId: 's1', serName: 'speech', state: 'ACTIVE', transportInfo: { id: 'n1' }, more: 1 };
const states = (): unknown[] =>
  platform.heard.filter(({ method }) => method === 'PUT').map(({ json }) => json['state']);

describe('what our gateway has at a platform', () => {
  it.each([
    ['a list with odd entries', [service, null, 7, { serInstanceId: '' }, { ...service, transportInfo: {} }], 1],
    ['null', null, 0],
    ['nothing', [], 0],
  ])('is read of %s', async (_, json, count) => {
    answer = () => ({ status: 200, json });
    const found = await exposure().list(signal);
    expect(found).toEqual(Array.from({ length: count }, () => ({ id: 's1', binding: 'n1', active: true })));
    expect(platform.heard[0]?.path).toBe(PATH);
  });

  it('is read to the last part of its list', async () => {
    answer = ({ query }) =>
      query.has('part')
        ? { status: 200, json: [service] }
        : { status: 200, json: [{ serInstanceId: 'another' }], headers: { link: `<${PATH}?part=2>; rel="next"` } };
    await expect(exposure().list(signal)).resolves.toEqual([{ id: 's1', binding: 'n1', active: true }]);
  });

  it('is nothing where the platform does not know our gateway, and not known where it fails', async () => {
    answer = () => ({ status: 404 });
    await expect(exposure().list(signal)).resolves.toEqual([]);
    answer = () => ({ status: 500 });
    await expect(exposure().list(signal)).rejects.toThrow(/500/);
  });

  it('is found again by the binding, and tells applications where it is, and that it is not local', async () => {
    answer = ({ json }) => ({ status: 201, json });
    const url = 'http://gateway.test/s/secret';
    await exposure().expose({ binding: 'n1', name: 'speech', version: '1', serializer: 'JSON', url }, signal);
    expect(platform.heard[0]).toMatchObject({
      method: 'POST',
      path: PATH,
      json: { serName: 'speech', isLocal: false, transportInfo: { id: 'n1', endpoint: { uris: [url] } } },
    });
  });

  it.each([
    ['SUSPENDED', 200, ['SUSPENDED']],
    ['INACTIVE, by a platform of V2', 400, ['SUSPENDED', 'INACTIVE']],
    ['nothing more, where it is gone', 404, ['SUSPENDED']],
  ])('is shown as %s, with all else as it was', async (_, status, said) => {
    answer = ({ method, json }) =>
      method === 'GET'
        ? { status: 200, json: { ...service, _links: {} }, headers: { etag: '"7"' } }
        : { status: json['state'] === 'SUSPENDED' ? status : 200, json };
    await exposure().setActive('s1', false, signal);
    expect(states()).toEqual(said);
    const [, put] = platform.heard;
    expect(put?.headers['if-match']).toBe('"7"');
    expect(put?.json).toEqual({ ...service, state: 'SUSPENDED' });
  });

  it.each([204, 404, 410])('is taken off, also where the platform says %i', async (status) => {
    answer = () => ({ status });
    await expect(exposure().remove('s/1', signal)).resolves.toBeUndefined();
    expect(platform.heard[0]).toMatchObject({ method: 'DELETE', path: `${PATH}/s%2F1` });
  });
});
