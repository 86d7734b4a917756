import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../configuration/peers.ts';

const operations = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
const example = /```json\n([^]*?)```/.exec(operations)?.[1] ?? '';

interface Loose {
  [member: string]: Loose;
}

/** The example of the page, with something changed. */
function changed(change: (file: Loose) => void): string {
  const file = JSON.parse(example) as Loose;
  change(file);
  return JSON.stringify(file);
}

/** Every mistake as `where: what`. */
function mistakes(change: (file: Loose) => void): string[] {
  try {
    parseConfiguration(changed(change));
    return [];
  } catch (error) {
    const lines = (error as Error).message.split('\n').slice(1);
    return lines
      .join('\n')
      .split(/^✖ /m)
      .slice(1)
      .map((mistake) => {
        const [what = '', where = ''] = mistake.trim().split('\n  → at ');
        return `${where}: ${what}`;
      });
  }
}

const set =
  (value: unknown, ...path: string[]) =>
  (file: Loose) => {
    let place = file;
    for (const step of path.slice(0, -1)) place = place[step] as Loose;
    place[path.at(-1) ?? ''] = value as Loose;
  };

const secondHost = { kind: 'mecHost', system: 'edge', host: 'host-2', platform: 'mep-1', addresses: '10.2.0.0/16' };

describe('a configuration file', () => {
  it('of the page has none', () => {
    expect(mistakes(() => undefined)).toEqual([]);
  });

  it.each<[string, string]>([
    ['10.1.0.0/16', 'host-1'],
    ['0.0.0.0/0', 'host-1'],
    ['10.1.2.3/32', 'host-1'],
    ['2001:db8::/32', 'host-1'],
    ['2001:db8:0:1::/64', 'host-1'],
    ['::ffff:10.1.0.0/112', 'host-1'],
  ])('takes %s for a range', (range, site) => {
    expect(mistakes(set(range, 'sites', site, 'addresses')).filter((told) => !told.includes('overlaps'))).toEqual([]);
  });

  it.each<[string, RegExp]>([
    ['999.1.1.1/99', /999\.1\.1\.1\/99 is no address range such as 10\.2\.0\.0\/16/],
    ['10.1.0.0/40', /the prefix is a number from 0 to 32/],
    ['2001:db8::/129', /from 0 to 128/],
    ['10.1.0.0', /prefix/],
    ['10.1.0.0/', /prefix/],
    ['10.1.0.0/016', /prefix/],
    ['10.1.0.0/16/16', /no address range/],
    ['/40', /no address range/],
    ['10.01.0.0/16', /no address range/],
    ['fe80::%eth0/64', /no address range/],
    ['10.1.2.3/16', /the range is 10\.1\.0\.0\/16/],
    ['2001:db8::1/32', /the range is 2001:db8::\/32/],
  ])('tells what is wrong with the range %s', (range, what) => {
    const [told] = mistakes(set(range, 'sites', 'host-1', 'addresses'));
    expect(told).toMatch(/^sites\["host-1"\]\.addresses: /);
    expect(told).toMatch(what);
  });

  it.each(['10.50.0.999', '10.50.0', '10.50.0.7/32', 'ue-1.example', 'fe80::1%eth0', ''])(
    'takes no %j for the address of a user',
    (address) => {
      const [told] = mistakes(set(address, 'users', 'tag-1', 'address'));
      expect(told).toMatch(/^users\["tag-1"\]\.address: is no address such as 10\.50\.0\.7/);
    },
  );

  it('has under a name that it does not give nothing, whatever every object has', () => {
    const { peers, networks, systems, sites, applications } = parseConfiguration(example);
    const users = parseConfiguration(changed((file) => void delete file['users'])).users;
    for (const records of [peers, networks, systems, sites, applications, users])
      expect(['constructor', 'toString', '__proto__'].filter((name) => records[name] !== undefined)).toEqual([]);
  });

  it('takes an address of IPv6 for a user', () => {
    expect(mistakes(set('2001:db8::7', 'users', 'tag-1', 'address'))).toEqual([]);
  });

  it.each([
    ['sites', 'edge/one'],
    ['sites', ''],
    ['users', 'alice@example.org'],
    ['applications', 'x'.repeat(64)],
    ['applications', '-game'],
    ['peers', 'meo\u202eB'],
    ['networks', 'cellular 1'],
    ['systems', 'édge'],
  ])('of %s takes no name that nobody could ask for: %s', (member, name) => {
    const told = mistakes((file) => {
      const records = file[member] as Loose;
      records[name] = Object.values(records)[0] as Loose;
    });
    expect(told.filter((one) => one.startsWith(member)).join('\n')).toMatch(/letters, digits, dot, dash/);
  });

  it('is refused where two sites of one MEO overlap, and names both', () => {
    const overlapping = { ...secondHost, addresses: '10.1.128.0/17' };
    expect(mistakes(set(overlapping, 'sites', 'host-2'))).toEqual([
      expect.stringMatching(
        /^sites\["host-2"\]\.addresses: 10\.1\.128\.0\/17 overlaps 10\.1\.0\.0\/16 of host-1: meo /,
      ),
    ]);
    expect(mistakes(set(secondHost, 'sites', 'host-2'))).toEqual([]);
  });

  it('is refused where two MEC systems of one MEO overlap, not where the MEO is another', () => {
    const other = (meo: string) => (file: Loose) => {
      set({ kind: 'meo', url: 'https://meo-2.example' }, 'peers', 'meo-2')(file);
      set({ meo, network: 'cellular' }, 'systems', 'edge-2')(file);
      set({ ...secondHost, system: 'edge-2', host: 'h', addresses: '10.1.0.0/24' }, 'sites', 'host-2')(file);
    };
    expect(mistakes(other('meo'))).toHaveLength(1);
    expect(mistakes(other('meo-2'))).toEqual([]);
  });

  it('is refused where two clouds of one manager overlap', () => {
    const second = { kind: 'cloud', manager: 'cloud', oss: 'oss', services: 'mep-1', addresses: '10.9.9.0/24' };
    expect(mistakes(set(second, 'sites', 'second'))).toEqual([expect.stringMatching(/10\.9\.9\.0\/24 overlaps/)]);
  });

  it('is refused where two sites are one host', () => {
    const same = { ...secondHost, host: 'host-1' };
    expect(mistakes(set(same, 'sites', 'host-2'))).toEqual([
      expect.stringMatching(/^sites\["host-2"\]\.host: host-1 is host-1 already/),
    ]);
  });

  it('is refused where two applications have one port and their management at different ones', () => {
    const other = (management: object) => (file: Loose) => {
      const { game } = file['applications'] as Loose;
      set({ ...game, ...management }, 'applications', 'chess')(file);
    };
    expect(mistakes(other({ management: { port: 9001 } }))).toEqual([
      expect.stringMatching(/^applications\.chess\.management\.port: 9001, but game with the same port 7000 has 7001/),
    ]);
    expect(mistakes(other({}))).toEqual([]);
    expect(mistakes(other({ port: 7100, management: { port: 9001 } }))).toEqual([]);
  });

  it('has to say that a peer is asked by plain HTTP, on loopback too', () => {
    for (const url of ['http://meo.example', 'http://127.0.0.1:8080', 'HTTP://meo.example'])
      expect(mistakes(set(url, 'peers', 'meo', 'url'))).toEqual([
        expect.stringMatching(
          /^peers\.meo\.url: meo would be asked by plain HTTP: give its https URL, or say "insecure": true/,
        ),
      ]);
    expect(mistakes(set({ kind: 'oss', url: 'http://oss.example', insecure: true }, 'peers', 'oss'))).toEqual([]);
    expect(mistakes(set(true, 'peers', 'meo', 'insecure'))).toEqual([expect.stringMatching(/leave out "insecure"/)]);
    expect(mistakes(set(false, 'peers', 'meo', 'insecure'))).toHaveLength(1);
  });

  it('may say who we are to a peer, by reference, and by HTTPS where that is not on this machine', () => {
    const client = {
      issuer: 'https://issuer.example',
      id: 'ferry',
      secret: { file: '/run/secrets/meo' },
      scopes: ['mec'],
    };
    const tls = { ca: '/ca.pem', certificate: '/own.pem', key: '/own.key', serverName: 'meo.inner.example' };
    expect(mistakes(set(client, 'peers', 'meo', 'client'))).toEqual([]);
    expect(mistakes(set(tls, 'peers', 'meo', 'tls'))).toEqual([]);
    expect(mistakes(set({ port: 7001, token: { env: 'TOKEN' }, tls }, 'applications', 'game', 'management'))).toEqual(
      [],
    );
    expect(mistakes(set({ ...client, secret: 'hunter2' }, 'peers', 'meo', 'client'))[0]).toMatch(
      /is no secret by reference/,
    );
    expect(mistakes(set({ ...tls, key: undefined }, 'peers', 'meo', 'tls'))[0]).toMatch(
      /a certificate without its key/,
    );
    expect(mistakes(set({ ...client, tls }, 'peers', 'meo', 'client'))).toEqual([]);
    const inPlain = { kind: 'oss', url: 'http://oss.example', insecure: true };
    expect(mistakes(set({ ...inPlain, tls }, 'peers', 'oss'))).toEqual([
      expect.stringMatching(/^peers\.oss\.tls: http:\/\/oss\.example is plain HTTP, without TLS: give its https URL/),
    ]);
    const plain = { ...client, issuer: 'http://issuer.example' };
    expect(mistakes(set({ ...plain, insecure: true, tls }, 'peers', 'meo', 'client'))).toEqual([
      expect.stringMatching(/^peers\.meo\.client\.tls: http:\/\/issuer\.example is plain HTTP, without TLS/),
    ]);
    expect(mistakes(set(plain, 'peers', 'meo', 'client'))[0]).toMatch(
      /^peers\.meo\.client\.issuer: our secret for meo would be sent by plain HTTP/,
    );
    expect(mistakes(set({ ...plain, insecure: true }, 'peers', 'meo', 'client'))).toEqual([]);
    expect(mistakes(set({ ...plain, issuer: 'http://127.0.0.1:8080' }, 'peers', 'meo', 'client'))).toEqual([]);
  });

  it.each([
    'https://user:secret@meo.example',
    'https://meo.example/?key=secret',
    'https://meo.example/#x',
    'meo.example',
  ])('takes no %s for the URL of a peer, and does not repeat it', (url) => {
    const told = mistakes(set(url, 'peers', 'meo', 'url'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^peers\.meo\.url: /);
    expect(told[0]).not.toMatch(/secret/);
  });

  it('has no member but those of the page, and is told which one may be meant', () => {
    expect(mistakes(set(7, 'pace', 'quiteMs'))[0]).toMatch(/^pace: there is no member quiteMs: is quietMs meant\?/);
    expect(mistakes(set('x', 'sites', 'host-1', 'adresses'))[0]).toMatch(/adresses: is addresses meant/);
    expect(mistakes(set({}, 'site'))[0]).toMatch(/site: is sites meant/);
    expect(mistakes(set(true, 'peers', 'meo', 'colour'))[0]).toMatch(/no member colour; there are kind, url/);
  });

  it.each(['constructor', 'toString', 'nobody'])('names no network and no system %s that is not there', (name) => {
    expect(mistakes(set(name, 'systems', 'edge', 'network'))[0]).toMatch(
      /^systems\.edge\.network: there is no network/,
    );
    expect(mistakes(set(name, 'sites', 'host-1', 'system'))[0]).toMatch(/no system .*; there is edge/);
    expect(mistakes(set(name, 'systems', 'edge', 'meo'))[0]).toMatch(/no peer of kind meo: .*; there is meo/);
  });

  it('tells mistakes of every kind at once', () => {
    const told = mistakes((file) => {
      set('999.1.1.1/99', 'sites', 'host-1', 'addresses')(file);
      set(secondHost, 'sites', 'edge/one')(file);
      set('10.50.0.999', 'users', 'tag-1', 'address')(file);
      set({ address: '10.50.0.8' }, 'users', 'alice@example.org')(file);
      set('http://meo.example', 'peers', 'meo', 'url')(file);
      set('nobody', 'systems', 'edge', 'lcmProxy')(file);
      set(7, 'pace', 'quiteMs')(file);
      const { game } = file['applications'] as Loose;
      set({ ...game, management: { port: 9001 } }, 'applications', 'chess')(file);
    }).join('\n');
    for (const where of [
      'sites["host-1"].addresses',
      'sites["edge/one"]',
      'users["tag-1"].address',
      'users["alice@example.org"]',
      'peers.meo.url',
      'systems.edge.lcmProxy',
      'pace',
      'applications.chess.management.port',
    ])
      expect(told).toMatch(`${where}: `);
  });

  it('says how much a worker takes on, and has defaults for it', () => {
    const { worker } = parseConfiguration(example);
    expect(worker).toEqual({ slots: { steps: 100, waits: 2_000 }, maxCachedWorkflows: 500 });
    expect(parseConfiguration(changed(set({ slots: { waits: 9 } }, 'worker'))).worker).toEqual({
      slots: { steps: 100, waits: 9 },
      maxCachedWorkflows: 500,
    });
    expect(mistakes(set({ slots: { steps: 0 } }, 'worker'))[0]).toMatch(/^worker\.slots\.steps/);
  });
});
