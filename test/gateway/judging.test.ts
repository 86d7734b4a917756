import { describe, expect, it } from 'vitest';
import type { Path } from '../../catalogue/paths.ts';
import { judged } from '../../gateway/judging.ts';
import { mistakeInLink } from '../../configuration/links.ts';
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

const near = {
  sites: { one: { kind: 'mecHost', system: 'metro', host: 'b1', platform: 'p', addresses: '10.3.0.0/16' } },
} as unknown as Parameters<typeof mistakeInTarget>[0];

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
    ['http://[64:ff9b::10.3.0.1]/', true],
    ['http://[::10.3.0.1]/', true],
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

describe('a link that a partner gives', () => {
  const partner = partnerOfTest('b', { hosts: ['fm.b.example', 'gw.b.example:8443', 'as.b.example:443'] });
  it.each([
    ['https://fm.b.example/x', true],
    ['https://gw.b.example:8443/', true],
    ['https://gw.b.example/', false],
    ['https://as.b.example/token', true],
    ['https://as.b.example:444/token', false],
    ['https://fm.b.example@evil.example/', false],
    ['https://127.0.0.1:8700/v1/relocations', false],
    ['https://[::1]/', false],
    ['https://169.254.169.254/latest', false],
    ['https://2130706433/', false],
    ['https://fm.b.exa\nmple/', false],
  ])('leads to it by %s: %s', (link, may) => {
    expect(mistakeInLink(partner, link) === undefined).toBe(may);
  });
});

describe.each([
  [
    'an application is notified',
    'http://10.3.0.7/',
    (url: string) => mistakeInTarget(near, { system: 'metro', platform: 'b1' }, url),
  ],
  ['a partner leads us', 'https://fm.b.example/', (url: string) => mistakeInLink(partnerOfTest('b'), url)],
])('a URL to which %s', (_, base, mistakeIn) => {
  it.each<[string, string, RegExp]>([
    ['of 2,000 characters', 'x'.repeat(2_000 - base.length), /^undefined$/],
    ['of one more', 'x'.repeat(2_001 - base.length), /2000 characters/],
    ['of more once it is written for a request', '日'.repeat(300), /2000 characters/],
    ['of more that a parser passes over', ' '.repeat(3_000), /2000 characters/],
    ['with NUL', '\0', /no URL has/],
    ['with half a character', '\ud800', /no URL has/],
    ['with a line end', 'a\nb', /no URL has/],
    ['in another script', '日', /^undefined$/],
  ])('%s', (_what, rest, mistake) => {
    expect(String(mistakeIn(`${base}${rest}`))).toMatch(mistake);
  });
});
