import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SystemList } from '../../api/resources.ts';
import { answering, FakeApi, ferry } from './fake-api.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await FakeApi.start();
});
afterEach(async () => await api.stop());

const asked = async (...more: readonly string[]) => await ferry('systems', '--api', api.url, ...more);

const system = (name: string, more: object = {}): SystemList['systems'][number] => ({
  id: `id-${name}`,
  name,
  provider: 'Operator A',
  operator: 'operator-a',
  partner: null,
  local: name,
  endpoint: null,
  seenAt: '2030-01-31T12:00:00.000Z',
  ...more,
});
const list = (systems: SystemList['systems'], more: Partial<SystemList> = {}): SystemList => ({
  systems,
  awaited: [],
  joinable: [],
  next: null,
  ...more,
});

describe('ferry systems', () => {
  it('shows every page, who told of each, what is awaited, and who could be joined', async () => {
    const learned = system('metro', { operator: 'operator-b', provider: 'Operator B', partner: 'b', local: null });
    const others = {
      awaited: [{ system: 'wifi', client: 'meo-wifi' }],
      joinable: [{ partner: 'c', operator: 'operator-c' }],
    };
    api.answer = ({ url }, response) =>
      answering(200, url.includes('next') ? list([learned]) : list([system('cellular')], { ...others, next: '1' }))(
        { url, method: 'GET', headers: {}, body: undefined },
        response,
      );
    const { exit, out } = await asked();
    expect(exit).toBe(0);
    expect(out.split('\n')).toEqual([
      'system    provider    operator    told by  seen    id',
      'cellular  Operator A  operator-a  ours     0s ago  id-cellular',
      'metro     Operator B  operator-b  b        0s ago  id-metro',
      'wifi has not been registered: its MEO does so as meo-wifi.',
      'c (operator-c) is joined once something is looked for.',
      '',
    ]);
  });

  it('writes all of them as one document with --json', async () => {
    api.answer = answering(200, list([system('cellular')]));
    expect(JSON.parse((await asked('--json')).out)).toEqual(list([system('cellular')]));
  });

  it('says that there are none', async () => {
    api.answer = answering(200, list([]));
    expect((await asked()).out).toBe('No systems.\n');
  });

  it('lets no name steer the terminal', async () => {
    api.answer = answering(200, list([system('a\u001b[2Jb\u202ec', { local: null, partner: 'b' })]));
    expect((await asked()).out).toContain('a?[2Jb?c');
  });

  it('says what to do where there is no federation', async () => {
    const detail = 'this Ferry federates with nobody';
    const remedy = 'Give its configuration a `federation`: docs/federation.md says how.';
    api.answer = answering(404, { type: 'about:blank', title: 'Not Found', status: 404, detail, remedy });
    const { exit, out, err } = await asked();
    expect([exit, out, err]).toEqual([3, '', `Not Found: ${detail}\nRemedy: ${remedy}\n`]);
  });
});
