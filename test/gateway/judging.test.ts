import { describe, expect, it } from 'vitest';
import type { Path } from '../../catalogue/paths.ts';
import { judged } from '../../gateway/judging.ts';
import { insideOf, mistakeInTarget } from '../../gateway/inside.ts';
import { federationOfTest, partnerOfTest } from '../support/federation.ts';

const federation = federationOfTest({
  partners: { b: partnerOfTest('b'), c: partnerOfTest('c', { join: 'onMiss' }) },
  shares: [{ of: 'metro', with: 'b', services: ['speech'], applications: ['game'] }],
});
const produced: Path = {
  id: 'i',
  name: 'n',
  side: 'producer',
  state: 'open',
  partner: 'b',
  agreed: true,
  ours: null,
  gateway: null,
  system: 'metro',
  platform: 'b1',
  kind: 'service',
  offer: 'speech',
  secret: null,
  state_of_offer: 'ACTIVE',
  transport: 'REST_HTTP',
  endpoint: 'http://10.0.0.7/speech',
};
const consumed: Path = { ...produced, side: 'consumer', state_of_offer: null, transport: null, endpoint: null };
const of = (path: Path, change: Partial<Path> = {}): string => judged({ ...path, ...change }, federation);

describe('at the producer a path', () => {
  it.each<[string, Partial<Path>]>([
    ['open', {}],
    ['open', { ours: 'open' }],
    ['open', { kind: 'application', offer: 'game' }],
    ['suspended', { ours: 'suspended' }],
    ['absent', { ours: 'ended' }],
    ['absent', { agreed: false }],
    ['absent', { state: 'closed' }],
    ['absent', { state: 'admitting' }],
    ['absent', { partner: 'nobody' }],
    ['absent', { offer: 'other' }],
    ['absent', { system: 'other' }],
    ['absent', { partner: 'c' }],
    ['absent', { kind: 'application' }],
    ['absent', { offer: 'other', ours: 'suspended' }],
    ['idle', { state_of_offer: 'INACTIVE' }],
    ['idle', { state_of_offer: null, endpoint: null }],
    ['idle', { transport: 'MB_TOPIC_BASED' }],
    ['idle', { endpoint: 'nowhere' }],
  ])('is %s with %o', (verdict, change) => {
    expect(of(produced, change)).toBe(verdict);
  });
});

describe('at the consumer a path', () => {
  it.each<[string, Partial<Path>]>([
    ['open', {}],
    ['opening', { state: 'admitting' }],
    ['suspended', { ours: 'suspended' }],
    ['suspended', { ours: 'suspended', state: 'admitting' }],
    ['absent', { ours: 'ended' }],
    ['absent', { partner: 'c' }],
    ['open', { partner: 'c', ours: 'open' }],
    ['absent', { state: 'closed' }],
    ['open', { offer: 'whatever the partner shares' }],
  ])('is %s with %o', (verdict, change) => {
    expect(of(consumed, change)).toBe(verdict);
  });
});

it('no row is no path', () => {
  expect(judged(undefined, federation)).toBe('absent');
});

describe('the inside', () => {
  const configuration = {
    peers: { meo: { kind: 'meo', url: 'https://MEO.example:8443/x', mfm: 'https://mfm.example/mfm' } },
    sites: {
      one: { kind: 'mecHost', system: 'metro', host: 'b1', platform: 'p', addresses: '10.3.0.0/16' },
      six: { kind: 'mecHost', system: 'metro', host: 'b2', platform: 'p', addresses: 'fd00:1::/32' },
    },
    users: { u: { address: '10.50.0.7' } },
    federation: federationOfTest({ gateway: { inner: 'http://gw.example:8702', outer: 'https://gw.example' } }),
  } as unknown as Parameters<typeof insideOf>[0];
  const isInside = insideOf(configuration);

  it.each([
    ['http://meo.example/', true],
    ['ftp://meo.example:21/', true],
    ['http://10.3.255.1:9/', true],
    ['http://10.4.0.1/', false],
    ['http://[::ffff:10.3.0.1]/', true],
    ['http://[::ffff:10.4.0.1]/', false],
    ['http://meo.example./', true],
    ['http://meo.example,', true],
    ['https://mfm.example/x', true],
    ['http://[fd00:1::7]/', true],
    ['http://[fd00:2::7]/', false],
    ['http://10.50.0.7/', true],
    ['http://gw.example:8702/s/x', true],
    ['https://gw.example/mpp/v1', false],
    ['https://fm.a.example/', false],
  ])('has %s: %s', (url, inside) => {
    expect(isInside(new URL(url))).toBe(inside);
  });

  it.each([
    ['http://10.3.0.7:9000/heard?x=y', true],
    ['https://10.3.0.7/', true],
    ['http://10.4.0.7/', false],
    ['http://u:p@10.3.0.7/', false],
    ['http://app.example/', false],
    ['http://[fd00:1::7]/', false],
    ['amqp://10.3.0.7/', false],
    ['10.3.0.7', false],
  ])('lets an application of the platform be notified at %s: %s', (target, may) => {
    expect(mistakeInTarget(configuration, { system: 'metro', platform: 'b1' }, target) === undefined).toBe(may);
  });
});
