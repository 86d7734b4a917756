import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../configuration/peers.ts';
import { apiSettings } from '../../configuration/settings.ts';

const partner = (operator: string, client: string, more: object = {}): object => ({
  operator,
  url: 'https://fm.b.example',
  client: { issuer: 'https://auth.b.example', id: 'operator-a', secret: { env: 'SECRET_AT_B' } },
  accepts: { issuer: 'own', client },
  ...more,
});

const federation = (more: object = {}): object => ({
  operator: { id: 'operator-a', name: 'Operator A', country: 'DE', mcc: '262', mncs: ['01'] },
  url: 'https://fm.a.example',
  issuers: { own: { issuer: 'https://auth.a.example', audience: 'ferry' } },
  ...more,
});

const parsed = (members: object) =>
  parseConfiguration(JSON.stringify({ peers: {}, networks: {}, systems: {}, sites: {}, applications: {}, ...members }));

describe('the federation in the configuration file', () => {
  it('is absent unless somebody says it, and then has what is usual', () => {
    expect(parsed({}).federation).toBeUndefined();
    const told = parsed({ federation: federation({ partners: { b: partner('operator-b', 'client-b') } }) }).federation;
    expect(told).toMatchObject({
      role: 'manager',
      issuers: { own: { algorithms: ['ES256'] } },
      partners: { b: { dialect: 'ferry', join: 'always', perSecond: 20, atOnce: 64 } },
      shares: [],
      pace: { aliveSeconds: 60, lostAfterSeconds: 300, validSeconds: 60, forgetDays: 30 },
    });
  });

  it.each([
    [
      'a secret in the file',
      {
        partners: { b: partner('operator-b', 'b', { client: { issuer: 'https://x.example', id: 'a', secret: 's3' } }) },
      },
      'no secret by reference',
    ],
    [
      'two partners that are one client',
      { partners: { b: partner('operator-b', 'one'), c: partner('operator-c', 'one') } },
      'one is partner b already',
    ],
    [
      'one federator under two names, that would know both as one',
      {
        partners: {
          b: partner('operator-b', 'one', { url: 'https://fm.example' }),
          c: partner('operator-c', 'two', { url: 'https://fm.example' }),
        },
      },
      'https://fm.example is partner b already, which knows us by the same client: one of both is too many\n  → at federation.partners.c.url',
    ],
    [
      'a partner whose tokens nobody checks',
      { partners: { b: partner('operator-b', 'b', { accepts: { issuer: 'theirs', client: 'b' } }) } },
      'there is no issuer theirs; there is own',
    ],
    [
      'a host of a partner that is a URL',
      { partners: { b: partner('operator-b', 'b', { hosts: ['https://gw.b.example'] }) } },
      'is no host such as gw.b.example or gw.b.example:8443',
    ],
    [
      'a partner with more bindings than are read of it',
      { partners: { b: partner('operator-b', 'b', { bindings: 10_001 }) } },
      'bindings',
    ],
    ['a partner that is this operator', { partners: { b: partner('operator-a', 'b') } }, 'operator-a is this operator'],
    [
      'a partner by plain HTTP that does not say so',
      { partners: { b: partner('operator-b', 'b', { url: 'http://fm.b.example' }) } },
      'b would be asked by plain HTTP',
    ],
    [
      'keys that anybody on the way could replace',
      { issuers: { own: { issuer: 'http://127.evil.example', audience: 'ferry' } } },
      'the keys of own would be read by plain HTTP',
    ],
    [
      'our secret for a partner in plain HTTP, where the partner itself is asked by HTTPS',
      {
        partners: {
          b: partner('operator-b', 'b', { client: { issuer: 'http://auth.b.example', id: 'a', secret: { env: 'S' } } }),
        },
      },
      'our secret for b would be sent by plain HTTP: give the https URL of its issuer\n  → at federation.partners.b.client.issuer',
    ],
    [
      'certificates of an issuer that is asked by plain HTTP',
      { issuers: { own: { issuer: 'http://127.0.0.1:8080', audience: 'ferry', tls: { ca: '/ca.pem' } } } },
      'http://127.0.0.1:8080 is plain HTTP, without TLS: give its https URL, or leave it out\n  → at federation.issuers.own.tls',
    ],
    [
      'certificates of a partner that is asked by plain HTTP, and of its issuer',
      {
        partners: {
          b: partner('operator-b', 'b', {
            url: 'http://fm.b.example',
            insecure: true,
            tls: { ca: '/ca.pem' },
            client: { issuer: 'http://auth.b.example', id: 'a', secret: { env: 'S' }, tls: { ca: '/ca.pem' } },
          }),
        },
      },
      /at federation\.partners\.b\.tls[^]*at federation\.partners\.b\.client\.tls/,
    ],
    [
      'a certificate for a partner without its key',
      { partners: { b: partner('operator-b', 'b', { tls: { certificate: '/own.pem' } }) } },
      'has a certificate without its key',
    ],
    ['a share with nobody', { shares: [{ of: '*', with: 'zed' }] }, 'there is no zed'],
  ])('refuses %s', (_what, more, said) => {
    expect(() => parsed({ federation: federation(more) })).toThrow(said);
  });

  it('may say of a partner, of its authorization server and of our own whose certificates are trusted there', () => {
    const tls = { ca: '/ca.pem', certificate: '/own.pem', key: '/own.key', serverName: 'fm.inner.example' };
    const client = { issuer: 'https://auth.b.example', id: 'operator-a', secret: { env: 'SECRET_AT_B' }, tls };
    const told = federation({
      issuers: { own: { issuer: 'https://auth.a.example', audience: 'ferry', tls } },
      partners: { b: partner('operator-b', 'client-b', { tls, client }) },
    });
    expect(parsed({ federation: told }).federation).toMatchObject({
      issuers: { own: { tls } },
      partners: { b: { tls, client: { tls } } },
    });
  });

  it('refuses two systems whose names differ in the case of letters alone, unless they are registered by their clients', () => {
    const network = { peers: { meo: { kind: 'meo', url: 'https://meo.example' } }, networks: { cell: {} } };
    const system = (client?: string) => ({ meo: 'meo', network: 'cell', ...(client !== undefined && { client }) });
    const systems = { metro: system(), Metro: system() };
    expect(() => parsed({ ...network, systems, federation: federation() })).toThrow(
      /Metro and metro differ in the case of letters alone, .*: rename one/,
    );
    expect(parsed({ ...network, systems }).federation).toBeUndefined();
    expect(() =>
      parsed({ ...network, systems: { ...systems, Metro: system('meo-m') }, federation: federation() }),
    ).not.toThrow();
  });

  it('asks no MEO in plain HTTP of what others are not to hear, unless that is said', () => {
    const meo = (more: object) => ({
      peers: { meo: { kind: 'meo', url: 'https://meo.example', ...more } },
      networks: {},
      systems: {},
      sites: {},
      applications: {},
    });
    expect(() => parsed(meo({ mfm: 'http://meo.example' }))).toThrow('meo would be told of bindings by plain HTTP');
    expect(() => parsed(meo({ mfm: 'https://meo.example' }))).not.toThrow('plain HTTP');
  });

  it('has zones, each of one system and one place', () => {
    const host = (system: string, lat: number) => ({
      kind: 'mecHost',
      system,
      host: 'h',
      platform: 'p',
      addresses: '10.1.0.0/16',
      zone: { id: 'z', lat, lon: 11 },
    });
    const sites = (lat: number, system = 'one') => ({
      peers: { p: { kind: 'platform', url: 'https://p.example' }, q: { kind: 'platform', url: 'https://q.example' } },
      sites: { a: host('one', 48), b: { ...host(system, lat), platform: 'q', addresses: '10.2.0.0/16' } },
    });
    expect(() => parsed(sites(49))).toThrow('zone z is another one at a');
    expect(() => parsed(sites(48, 'two'))).toThrow('zone z is another one at a');
    expect(() => parsed(sites(48))).not.toThrow('zone z');
  });

  it('is asked for by a system that registers itself', () => {
    const systems = { cellular: { meo: 'm', network: 'n', client: 'meo-cellular' } };
    expect(() => parsed({ systems })).toThrow('meo-cellular registers a system, but there is no federation');
  });

  it('needs a database', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ferry-'));
    const file = join(folder, 'ferry.json');
    const members = { peers: {}, networks: {}, systems: {}, sites: {}, applications: {} };
    try {
      await writeFile(file, JSON.stringify({ ...members, federation: federation() }));
      expect(() => apiSettings({ FERRY_CONFIG: file })).toThrow('set DATABASE_URL');
      expect(() => apiSettings({ FERRY_CONFIG: file, DATABASE_URL: 'postgres://db.example/ferry' })).not.toThrow();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
