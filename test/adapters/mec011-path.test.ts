import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lead, Path } from '../../activities/ports.ts';
import { mec011Path } from '../../adapters/mec011/path.ts';
import { sealWith } from '../../configuration/seal.ts';
import { busy } from '../support/busy.ts';
import type { Reply } from '../support/faulty-server.ts';
import { PlayedPlatform, type Tags } from '../support/played-platform.ts';
import { quickWait } from '../support/wait.ts';

const [S, T, C] = ['10.1.1.1', '10.2.1.7', '10.9.1.1'];
const NAME = 'counter.edge.example';
const soon = (): AbortSignal => AbortSignal.timeout(5_000);
const seal = sealWith('a secret of this deployment');

const dnsRule = (dnsRuleId: string, ipAddress: string, state: string, domainName = NAME) => ({
  dnsRuleId,
  domainName,
  ipAddressType: ipAddress.includes(':') ? 'IP_V6' : 'IP_V4',
  ipAddress,
  ttl: 5,
  state,
  vendorSpecific: { kept: true },
});
const trafficRule = (
  trafficRuleId: string,
  dstIpAddress: string,
  filter: object,
  state: string,
  more: object = {},
) => ({
  trafficRuleId,
  filterType: 'FLOW',
  priority: 7,
  trafficFilter: [filter],
  action: 'FORWARD_DECAPSULATED',
  dstInterface: { interfaceType: 'IP', dstIpAddress, srcMacAddress: '00:00:5e:00:53:01' },
  state,
  ...more,
});

let platform: PlayedPlatform;
let path: Path;

/** An instance with the rules of a provider who calls them as he likes. */
function instance(id: string, own: string, serves: boolean): void {
  const state = serves ? 'ACTIVE' : 'INACTIVE';
  platform.dns(id, dnsRule('DnsRule001', own, state, 'Counter.Edge.Example.'));
  platform.dns(id, dnsRule('other', own, state, 'other.example'));
  platform.dns(id, dnsRule('v6', '2001:db8::7', 'INACTIVE'));
  platform.traffic(
    id,
    trafficRule('firewall', own, { dstAddress: ['10.0.0.0/8'] }, 'ACTIVE', { action: 'DROP', dstInterface: null }),
  );
  platform.traffic(id, trafficRule('pass', own, { dstAddress: [S] }, 'ACTIVE', { action: 'PASSTHROUGH' }));
  platform.traffic(id, trafficRule('egress', '10.77.1.1', { dstAddress: ['10.88.1.1'] }, 'ACTIVE'));
  platform.traffic(id, trafficRule('TrafficRule001', own, { dSCP: 4 }, 'INACTIVE'));
  platform.traffic(id, trafficRule('TrafficRule002', own, { srcAddress: [], dstAddress: [] }, 'INACTIVE'));
}

beforeEach(async () => {
  platform = await new PlayedPlatform().start();
  path = mec011Path(platform.server.exchange, seal);
  instance('source', S, true);
  instance('target', T, false);
});
afterEach(async () => await platform.server.close());

const lead = (change: Partial<Lead> = {}): Lead => ({
  name: NAME,
  aliases: [],
  ruleIds: [],
  device: null,
  from: { instance: 'source', endpoint: { host: S, port: 7000 } },
  to: { instance: 'target', endpoint: { host: T, port: 7000 } },
  former: [S, C],
  sameNetwork: true,
  ...change,
});
const both = async (change: Partial<Lead> = {}): Promise<[string, string]> => [
  await path.plan('here', lead(change), null, soon()),
  await path.plan('away', lead(change), null, soon()),
];
const everything = () => ({ source: platform.of('source'), target: platform.of('target') });

describe('a turn', () => {
  it('leads every device to the target, by rules that are known by what they do, and touches no other', async () => {
    const before = everything();
    const [here, away] = await both();
    expect([await path.turn(here, quickWait()), await path.turn(away, quickWait())]).toEqual([2, 1]);
    expect(everything()).toEqual({
      source: {
        ...before.source,
        'dns_rules/DnsRule001': { ...before.source['dns_rules/DnsRule001'], ipAddress: T },
      },
      target: {
        ...before.target,
        'dns_rules/DnsRule001': { ...before.target['dns_rules/DnsRule001'], state: 'ACTIVE' },
        'traffic_rules/TrafficRule001': trafficRule('TrafficRule001', T, { dSCP: 4, dstAddress: [S, C] }, 'ACTIVE'),
      },
    });
  });

  it('leads one device by a rule of its own, and the others not', async () => {
    const [here, away] = await both({ device: '127.10.100.1' });
    expect([await path.turn(here, quickWait()), await path.turn(away, quickWait())]).toEqual([1, 0]);
    expect(platform.written).toEqual(['traffic_rules/TrafficRule002']);
    expect(platform.of('target')['traffic_rules/TrafficRule002']).toEqual(
      trafficRule('TrafficRule002', T, { srcAddress: ['127.10.100.1'], dstAddress: [S, C] }, 'ACTIVE'),
    );
  });

  it('leads further what leads there, and nothing else; where a device shares its rule with others, it is none', async () => {
    const [one, two, elsewhere] = ['127.10.100.1', '127.10.100.2', '10.3.1.1'];
    const shared = trafficRule('TrafficRule002', S, { srcAddress: [one, two], dstAddress: [S] }, 'ACTIVE');
    platform.traffic('target', shared);
    platform.traffic('target', trafficRule('TrafficRule001', T, { dSCP: 4, dstAddress: [C] }, 'ACTIVE'));
    const further = lead({
      from: { instance: 'target', endpoint: { host: S, port: 7000 } },
      to: { instance: 'next', endpoint: { host: elsewhere, port: 7000 } },
      sameNetwork: false,
    });
    await expect(path.plan('further', { ...further, device: one }, null, soon())).rejects.toMatchObject({
      type: 'NotSteerable',
    });
    const turn = await path.plan('further', further, null, soon());
    expect(await path.turn(turn, quickWait())).toBe(1);
    expect(platform.written).toEqual(['traffic_rules/TrafficRule002']);
    await path.turnBack(turn, quickWait());
    expect(platform.of('target')['traffic_rules/TrafficRule002']).toEqual(shared);
  });

  it('is undone to what was found, to the last member, whatever part of it was carried out', async () => {
    const before = everything();
    for (const device of [null, '127.10.100.1'])
      for (const sameNetwork of [true, false])
        for (const refused of [undefined, /DnsRule001/, /TrafficRule/]) {
          const turns = await both({ device, sameNetwork });
          platform.before = ({ method, path: at }) =>
            method === 'PUT' && refused?.test(at) === true ? { status: 503 } : undefined;
          for (const turn of turns) await path.turn(turn, quickWait()).catch(() => undefined);
          platform.before = () => undefined;
          for (const turn of turns) await path.turnBack(turn, quickWait());
          expect(everything()).toEqual(before);
          const count = platform.written.length;
          for (const turn of turns) expect(await path.turnBack(turn, quickWait())).toBe(0);
          expect(platform.written).toHaveLength(count);
        }
  });

  it.each([null, '127.10.100.1'])(
    'is carried out and undone where addresses get a mask (device: %s)',
    async (device) => {
      platform.masks = true;
      const [here, away] = await both({ device });
      for (const turn of [here, away]) await path.turn(turn, quickWait());
      const id = device === null ? 'TrafficRule001' : 'TrafficRule002';
      const filterOf = () =>
        (
          platform.of('target')[`traffic_rules/${id}`]?.['trafficFilter'] as Record<string, string[]>[] | undefined
        )?.[0];
      expect(filterOf()?.['dstAddress']).toEqual([`${S}/32`, `${C}/32`]);
      const count = platform.written.length;
      for (const turn of [here, away]) expect(await path.turn(turn, quickWait())).toBe(0);
      expect(platform.written).toHaveLength(count);
      for (const turn of [here, away]) await path.turnBack(turn, quickWait());
      expect(platform.of('target')[`traffic_rules/${id}`]).toMatchObject({ state: 'INACTIVE' });
      expect([filterOf()?.['srcAddress'] ?? [], filterOf()?.['dstAddress'] ?? []]).toEqual([[], []]);
    },
  );

  it('takes and leaves the spelling of descriptors (MEC 010-2), and a rule that leads elsewhere alone', async () => {
    const spelt = (id: string, dstIPAddress: string, filter: object, state: string) =>
      trafficRule(id, '', filter, state, { dstInterface: { interfaceType: 'IP', dstIPAddress } });
    platform.traffic('target', spelt('TrafficRule001', T, {}, 'INACTIVE'));
    platform.traffic('target', spelt('egress', '10.77.1.1', { dstAddress: ['10.88.1.1'] }, 'ACTIVE'));
    const before = platform.of('target');
    const [here] = await both();
    await path.turn(here, quickWait());
    const turned = platform.of('target');
    expect(turned['traffic_rules/TrafficRule001']).toEqual(
      spelt('TrafficRule001', T, { dstAddress: [S, C] }, 'ACTIVE'),
    );
    expect(turned['traffic_rules/egress']).toEqual(before['traffic_rules/egress']);
    await path.turnBack(here, quickWait());
    expect(platform.of('target')).toMatchObject(before);
  });

  it('is carried out once, however often it is asked for, also when an answer was lost', async () => {
    const [here] = await both();
    platform.server.loseAnswer(/^PUT .*dns_rules/, 'reset');
    await expect(path.turn(here, quickWait())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    expect(await path.turn(here, quickWait())).toBe(1);
    expect(await path.turn(here, quickWait())).toBe(0);
    expect(platform.written).toEqual(['dns_rules/DnsRule001', 'traffic_rules/TrafficRule001']);
  });

  it('goes back rule by rule: one that is refused does not keep the others from it', async () => {
    const [here] = await both();
    const before = everything();
    await path.turn(here, quickWait());
    platform.before = ({ method, path: at }) =>
      method === 'PUT' && at.includes('traffic') ? { status: 403, json: { detail: 'no rights' } } : undefined;
    await expect(path.turnBack(here, quickWait())).rejects.toMatchObject({ type: 'PeerRejected', nonRetryable: true });
    expect(platform.of('target')['dns_rules/DnsRule001']).toEqual(before.target['dns_rules/DnsRule001']);
  });

  it('is undone where there is nothing any more', async () => {
    const [here] = await both();
    await path.turn(here, quickWait());
    platform.rules.clear();
    expect(await path.turnBack(here, quickWait())).toBe(0);
  });

  it('is not taken for undone by a platform that has forgotten that it has such rules', async () => {
    const [here] = await both();
    await path.turn(here, quickWait());
    for (const status of [501, 405, 500]) {
      platform.before = ({ path: asked }) => (asked.includes('traffic_rules/') ? { status } : undefined);
      await expect(path.turnBack(here, quickWait())).rejects.toMatchObject({ type: expect.stringMatching(/^Peer/) });
    }
  });

  it('remembers what the first of two passes found', async () => {
    const before = everything();
    const [here, away] = await both();
    for (const turn of [here, away]) await path.turn(turn, quickWait());
    const again = [
      await path.plan('here', lead({ former: [S] }), here, soon()),
      await path.plan('away', lead({ former: [S] }), away, soon()),
    ];
    for (const turn of again) expect(await path.turn(turn, quickWait())).toBe(0);
    for (const turn of again) await path.turnBack(turn, quickWait());
    expect(everything()).toEqual(before);
  });

  it('takes an alias of the application along where both ends have it', async () => {
    const [here, away] = await both({ aliases: ['OTHER.example.'] });
    await path.turn(here, quickWait());
    await path.turn(away, quickWait());
    expect(platform.of('target')['dns_rules/other']).toMatchObject({ ipAddress: T, state: 'ACTIVE' });
    expect(platform.of('source')['dns_rules/other']).toMatchObject({ ipAddress: T, state: 'ACTIVE' });
  });
});

describe('somebody else', () => {
  it.each([
    ['the name leads elsewhere', 'dns_rules/DnsRule001', { ipAddress: '10.3.3.3' }],
    [
      'the traffic leads elsewhere',
      'traffic_rules/TrafficRule001',
      { dstInterface: { interfaceType: 'IP', dstIpAddress: '10.3.3.3' }, state: 'ACTIVE' },
    ],
  ])('who changed a rule since (%s) keeps it, before and after an undo', async (_, rule, change) => {
    const [here] = await both();
    platform.meddle('target', rule, change);
    await expect(path.turn(here, quickWait())).rejects.toMatchObject({
      type: 'OwnershipLost',
      message: expect.stringMatching(/^peer: GET .* somebody else has changed it$/),
    });
    await path.turnBack(here, quickWait());
    expect(platform.of('target')[rule]).toMatchObject(change);
  });

  it('is no stranger where he is another relocation: nine users at once share one rule at both ends, whichever worker turns it', async () => {
    const before = everything();
    const devices = Array.from({ length: 9 }, (_, at) => `127.10.100.${at + 1}`);
    for (const tags of ['strong', 'bare', 'content'] as const) {
      platform.tags = tags;
      const turns = await Promise.all(devices.map(async (device) => await both({ device, sameNetwork: false })));
      const worker = [path, mec011Path(platform.server.exchange, seal)];
      await Promise.all(
        turns.flat().map(async (turn, at) => await worker[at % 4 < 2 ? 0 : 1]?.turn(turn, quickWait(60_000))),
      );
      for (const end of ['source', 'target'])
        expect(platform.of(end)['traffic_rules/TrafficRule002']).toMatchObject({
          trafficFilter: [
            { srcAddress: expect.toSatisfy((led: string[]) => new Set(led).size === 9), dstAddress: [S, C] },
          ],
          dstInterface: { dstIpAddress: T },
          state: 'ACTIVE',
        });
      await Promise.all(
        turns.flat().map(async (turn, at) => await worker[at % 4 < 2 ? 0 : 1]?.turnBack(turn, quickWait(60_000))),
      );
      expect(everything()).toEqual(before);
    }
  });

  it('makes a turn wait as long as the step has patience, and no longer', async () => {
    const [here] = await both();
    platform.before = ({ method }) => (method === 'PUT' ? { status: 412 } : undefined);
    const wait = quickWait(Math.round(400 * busy()));
    await expect(path.turn(here, wait)).rejects.toThrow(/abort/);
    expect(wait.told).toContain('rule DnsRule001 of target is changed by others at the same time');
    expect(platform.written.length).toBeGreaterThan(2);
  });
});

describe('the ETag of a rule', () => {
  it.each([
    ['strong', '"1"'],
    ['bare', 'v1'],
    ['weak', undefined],
    ['none', undefined],
  ] as [Tags, string | undefined][])('that is %s is sent as it came, or not at all', async (tags, sent) => {
    platform.tags = tags;
    const [here] = await both();
    expect(await path.turn(here, quickWait())).toBe(2);
    const put = platform.server.heard.find(({ method }) => method === 'PUT');
    expect(put?.headers['if-match']).toBe(sent);
  });

  it('that is none lets another write come between: it is looked once more until everybody is in', async () => {
    platform.tags = 'weak';
    const devices = ['127.10.100.1', '127.10.100.2', '127.10.100.3'];
    const turns = await Promise.all(devices.map(async (device) => (await both({ device }))[0]));
    await Promise.all(turns.map(async (turn) => await path.turn(turn, quickWait(60_000))));
    expect(platform.of('target')['traffic_rules/TrafficRule002']).toMatchObject({
      trafficFilter: [{ srcAddress: expect.toSatisfy((led: string[]) => led.toSorted().join() === devices.join()) }],
    });
  });
});

describe('a write', () => {
  it('is not taken for granted when the platform shows the rule as it was', async () => {
    platform.before = ({ method, path: at }) =>
      method === 'PUT' ? { status: 200, json: platform.rules.get(at)?.body } : undefined;
    const [here] = await both();
    await expect(path.turn(here, quickWait())).rejects.toMatchObject({
      type: 'PeerMalformed',
      message: expect.stringContaining('but the rule is as it was before'),
    });
  });

  it.each<readonly [string, Reply]>([
    ['202', { status: 202 }],
    ['HTML', { status: 200, text: '<html>accepted</html>' }],
  ])('may be carried out a little later than it is answered (%s)', async (_, reply) => {
    const [here] = await both();
    const taken = new Map<string, () => void>();
    let looks = 0;
    platform.before = ({ method, path: at, json }) => {
      if (method !== 'PUT') {
        if ((looks += 1) % 4 === 0) taken.get(at)?.();
        return undefined;
      }
      looks = 0;
      taken.set(at, () => void platform.rules.set(at, { body: json, version: 9 }));
      return reply;
    };
    expect(await path.turn(here, quickWait())).toBe(2);
    expect(platform.server.count(/^PUT/)).toBe(2);
  });

  it('is read back where its answer is empty', async () => {
    const [here] = await both();
    platform.before = ({ method, path: at, json }) => {
      if (method !== 'PUT') return undefined;
      platform.rules.set(at, { body: json, version: 9 });
      return { status: 204 };
    };
    expect(await path.turn(here, quickWait())).toBe(2);
  });
});

describe('an instance that is not ready', () => {
  it.each([
    [403, 'application instance is not READY yet', 'NotYet', false],
    [409, 'NOT_INSTANTIATED', 'NotYet', false],
    [403, 'the token lacks the scope mp1:admin', 'PeerRejected', true],
  ])('is waited for (%i, %s: %s)', async (status, detail, type, nonRetryable) => {
    const [here] = await both();
    platform.before = () => ({ status, json: { title: 'Forbidden', detail } });
    const failed = { type, nonRetryable };
    await expect(path.turn(here, quickWait())).rejects.toMatchObject(failed);
    await expect(path.plan('here', lead(), null, soon())).rejects.toMatchObject(failed);
  });
});

describe('what a history keeps of a turn', () => {
  it('names no address', async () => {
    for (const turn of await both({ device: '127.10.100.1' })) {
      const bytes = Buffer.from(turn.slice(3), 'base64url').toString();
      for (const address of [S, T, C, '127.10.100.1']) expect(`${turn}${bytes}`).not.toContain(address);
    }
  });

  it('cannot be read with another secret, and is said to need the first', async () => {
    const [here] = await both();
    const other = mec011Path(platform.server.exchange, sealWith('another'));
    for (const sealed of [here, 'nonsense']) {
      await expect(other.turn(sealed, quickWait())).rejects.toMatchObject({
        type: 'ReceiptUnreadable',
        nonRetryable: true,
      });
      await expect(other.turnBack(sealed, quickWait())).rejects.toMatchObject({ type: 'ReceiptUnreadable' });
      await expect(other.plan('here', lead(), sealed, soon())).rejects.toMatchObject({ type: 'ReceiptUnreadable' });
    }
    expect(platform.written).toEqual([]);
  });
});

describe('looking at the path', () => {
  const placed = (id: string, host: string | null) => ({ id, endpoint: host === null ? null : { host, port: 7000 } });
  const all = { name: NAME, device: null, ruleIds: [] };
  const one = { ...all, device: '127.10.100.1' };

  it('tells which rules would be turned, and which other names there are', async () => {
    expect(await path.look(placed('source', S), all, soon())).toMatchObject({
      by: { name: true, traffic: true },
      told: ['DNS rule DnsRule001 leads the name', 'traffic rule TrafficRule001 leads every device'],
      obstacles: [],
      ttlSeconds: 5,
      former: [],
      names: [{ name: 'other.example', leads: true }],
    });
    expect(await path.look(placed('target', T), all, soon())).toMatchObject({
      names: [{ name: 'other.example', leads: false }],
    });
  });

  it.each([
    ['300', 300],
    [0.5, 1],
    ['', 0],
    ['a while', 0],
    [null, 0],
    [{}, 0],
  ])('reads the time of a DNS rule in whatever form, and the rule with it: %j', async (ttl, seconds) => {
    platform.dns('source', { ...dnsRule('DnsRule001', S, 'ACTIVE'), ttl });
    const sight = await path.look(placed('source', S), all, soon());
    expect(sight).toMatchObject({ by: { name: true }, ttlSeconds: seconds });
  });

  it('tells of a single device that names do not lead it', async () => {
    expect(await path.look(placed('source', S), one, soon())).toMatchObject({
      by: { name: false, traffic: true },
      told: ['traffic rule TrafficRule002 leads this device'],
    });
  });

  it('finds the addresses that devices may still have, of this instance and not of a foreign rule', async () => {
    const [here] = await both();
    await path.turn(here, quickWait());
    const [other] = await both({ device: '127.10.100.1', former: ['10.8.8.8'] });
    await path.turn(other, quickWait());
    for (const whom of [all, one])
      expect((await path.look(placed('target', T), whom, soon())).former.toSorted()).toEqual(
        [S, '10.8.8.8', C].toSorted(),
      );
  });

  it('tells of an address of the other family that the name goes on having', async () => {
    platform.dns('source', dnsRule('v6', '2001:db8::7', 'ACTIVE'));
    const { obstacles, told } = await path.look(placed('source', S), all, soon());
    expect(obstacles).toEqual([expect.stringMatching(/^DNS rule v6 gives the name an IPv6 address/)]);
    expect(told).toEqual(expect.arrayContaining([...obstacles]));
    const [here, away] = await both();
    for (const turn of [here, away]) await path.turn(turn, quickWait());
    expect(platform.of('source')['dns_rules/v6']).toEqual(dnsRule('v6', '2001:db8::7', 'ACTIVE'));
    expect(platform.of('target')['dns_rules/v6']).toEqual(dnsRule('v6', '2001:db8::7', 'INACTIVE'));
  });

  it('probes a platform for what it has before there is an instance', async () => {
    expect(await path.look(null, all, soon())).toMatchObject({ by: { name: true, traffic: true }, obstacles: [] });
    expect(await path.look(null, one, soon())).toMatchObject({ by: { name: false, traffic: true } });
    platform.before = ({ path: asked }) => (asked.includes('traffic') ? { status: 501 } : undefined);
    expect(await path.look(null, all, soon())).toMatchObject({
      by: { name: true, traffic: false },
      told: expect.arrayContaining(['its platform has no traffic rules']),
    });
    platform.before = () => ({ status: 404, text: 'Cannot GET' });
    expect(await path.look(null, all, soon())).toMatchObject({ by: { name: false, traffic: false } });
  });

  it('leads by the name where a platform has no traffic rules', async () => {
    platform.before = ({ path: asked }) => (asked.includes('traffic') ? { status: 501 } : undefined);
    expect(await path.look(placed('source', S), all, soon())).toMatchObject({ by: { name: true, traffic: false } });
    expect(await path.look(placed('source', S), one, soon())).toMatchObject({ by: { name: false, traffic: false } });
    const before = everything();
    const [here, away] = await both();
    expect([await path.turn(here, quickWait()), await path.turn(away, quickWait())]).toEqual([1, 1]);
    for (const turn of [here, away]) await path.turnBack(turn, quickWait());
    expect(everything()).toEqual(before);
  });

  it.each([
    ['null', { status: 200, json: null }],
    ['nothing', { status: 204 }],
    ['an empty list', { status: 200, json: [] }],
  ])('takes %s for no rules', async (_, reply) => {
    platform.rules.clear();
    platform.dns('source', dnsRule('v6', '2001:db8::7', 'INACTIVE', 'other.example'));
    platform.nothing = reply;
    expect(await path.look(placed('source', S), all, soon())).toMatchObject({
      by: { name: false, traffic: false },
      told: [`no DNS rule is for ${NAME}`, 'no traffic rule could lead every device'],
    });
    expect(await path.holds(placed('source', S), soon())).toBe(false);
  });

  it('tells that a platform does not know the instance', async () => {
    expect(await path.look(placed('nobody', S), all, soon())).toMatchObject({
      by: { name: false, traffic: false },
      told: ['its platform knows no rules of this instance'],
    });
  });

  it('passes over entries that are none of ours to understand', async () => {
    platform.dns('source', { dnsRuleId: 'odd', state: 'PENDING' });
    platform.dns('source', { dnsRuleId: 7, domainName: null });
    platform.traffic('source', { trafficRuleId: 'odd', trafficFilter: 'all', action: 3 });
    platform.traffic(
      'source',
      trafficRule('tunnel', S, {}, 'INACTIVE', { dstInterface: { interfaceType: 'TUNNEL', tunnelInfo: {} } }),
    );
    platform.traffic(
      'source',
      trafficRule('twice', S, {}, 'INACTIVE', { action: 'DUPLICATE_DECAPSULATED', dstInterface: [{}, {}] }),
    );
    expect(await path.look(placed('source', S), all, soon())).toMatchObject({
      told: ['DNS rule DnsRule001 leads the name', 'traffic rule TrafficRule001 leads every device'],
    });
  });

  it('knows a rule that is listed twice as one, and a list of nothing as none', async () => {
    const ue = '127.10.100.1';
    const before = await path.plan('here', lead({ device: ue }), null, soon());
    expect(await path.turn(before, quickWait())).toBe(1);
    const turned = everything();
    await path.turnBack(before, quickWait());
    platform.before = ({ method, path: asked }) => {
      const [, id = '', kind = ''] = /applications\/(\w+)\/(\w+)$/.exec(asked) ?? [];
      if (method !== 'GET' || id === '') return undefined;
      const rules = Object.entries(platform.of(id)).filter(([name]) => name.startsWith(kind));
      return kind === 'dns_rules' ? { status: 204 } : { status: 200, json: rules.flatMap(([, rule]) => [rule, rule]) };
    };
    const again = await path.plan('here', lead({ device: ue }), null, soon());
    expect(await path.turn(again, quickWait())).toBe(1);
    expect(everything()).toEqual(turned);
  });

  it('asks for the rules of the descriptor where a platform lists those only that are active', async () => {
    platform.activeOnly = true;
    expect(await path.look(placed('target', T), all, soon())).toMatchObject({ by: { name: false, traffic: false } });
    const ruleIds = ['DnsRule001', 'TrafficRule001', 'TrafficRule002', 'unknown'];
    expect(await path.look(placed('target', T), { ...all, ruleIds }, soon())).toMatchObject({
      by: { name: true, traffic: true },
    });
    const before = everything();
    const here = await path.plan('here', lead({ ruleIds }), null, soon());
    expect(await path.turn(here, quickWait())).toBe(2);
    await path.turnBack(here, quickWait());
    expect(everything()).toEqual(before);
  });

  it.each([400, 401, 403, 422])(
    'takes a rule of the descriptor that is refused by its id (%i) for none',
    async (status) => {
      platform.before = ({ path: asked }) =>
        asked.endsWith('/unknown') ? { status, json: { detail: 'no rule of this kind' } } : undefined;
      expect(await path.look(placed('source', S), { ...all, ruleIds: ['unknown'] }, soon())).toMatchObject({
        by: { name: true, traffic: true },
      });
    },
  );

  it.each<readonly [string, object]>([
    ['null for its filters', { trafficFilter: null }],
    ['no filters', { trafficFilter: undefined }],
    ['a state in small letters', { state: 'active' }],
  ])('passes over a rule of the descriptor with %s', async (_, odd) => {
    platform.traffic('source', { ...trafficRule('odd', S, {}, 'ACTIVE'), ...odd });
    expect(await path.look(placed('source', S), { ...all, ruleIds: ['odd'] }, soon())).toMatchObject({
      by: { name: true, traffic: true },
    });
  });

  it.each([404, 405, 410, 501])(
    'does not take a list for absent of which a later part is refused (%i)',
    async (status) => {
      platform.before = ({ path: asked, query }) => {
        if (!asked.endsWith('/dns_rules')) return undefined;
        const headers = { link: `<${asked}?next=1>; rel="next"` };
        return query.has('next') ? { status } : { status: 200, json: [dnsRule('name', S, 'ACTIVE')], headers };
      };
      await expect(path.look(placed('source', S), all, soon())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    },
  );

  it('refuses a list of empty parts without end', async () => {
    let part = 0;
    platform.before = ({ path: asked }) => ({
      status: 200,
      json: [],
      headers: { link: `<${asked}?part=${(part += 1)}>; rel="next"` },
    });
    await expect(path.look(placed('source', S), all, AbortSignal.timeout(60_000))).rejects.toMatchObject({
      type: 'PeerMalformed',
      message: expect.stringContaining('but the list has no end'),
    });
  });

  it('costs as much as the instance has rules, whatever others have', async () => {
    for (let at = 0; at < 200; at += 1) instance(`other-${at}`, '10.5.5.5', true);
    const [here] = await both();
    await path.turn(here, quickWait());
    expect(platform.server.heard.length).toBe(2 * 2 + 2 * 2);
  });

  it('finds the rules of a platform behind a prefix, and in pages', async () => {
    const far = await new PlayedPlatform().start({ base: '/mep/edge-1' });
    far.before = ({ path: asked, query }) => {
      if (!asked.endsWith('/dns_rules')) return { status: 200, json: [] };
      return query.has('next')
        ? { status: 200, json: [dnsRule('second', S, 'ACTIVE')] }
        : {
            status: 200,
            json: [dnsRule('first', S, 'ACTIVE', 'other.example')],
            headers: { link: `<${far.server.url}/mec_app_support/v1/applications/source/dns_rules?next=1>; rel=next` },
          };
    };
    const sight = await mec011Path(far.server.exchange, seal).look(placed('source', S), all, soon());
    expect(sight).toMatchObject({ by: { name: true }, names: [{ name: 'other.example', leads: true }] });
    await far.server.close();
  });
});

describe('after the move', () => {
  const target = { id: 'target', endpoint: { host: T, port: 7000 } };
  const source = { id: 'source', endpoint: { host: S, port: 7000 } };

  it('a path holds as long as an active rule of the instance leads to it', async () => {
    expect([await path.holds(source, soon()), await path.holds(target, soon())]).toEqual([true, false]);
    const [here, away] = await both({ aliases: ['other.example'] });
    await path.turn(here, quickWait());
    await path.turn(away, quickWait());
    expect([await path.holds(source, soon()), await path.holds(target, soon())]).toEqual([false, true]);
    await path.turnBack(here, quickWait());
    expect(await path.holds(target, soon())).toBe(false);
    platform.rules.clear();
    expect(await path.holds(source, soon())).toBe(false);
  });

  it('a shared instance no longer names the device that has left', async () => {
    for (const device of ['127.10.100.1', '127.10.100.2']) await path.turn((await both({ device }))[0], quickWait());
    await path.release('target', '127.10.100.1', quickWait());
    expect(platform.of('target')['traffic_rules/TrafficRule002']).toMatchObject({
      trafficFilter: [{ srcAddress: ['127.10.100.2'] }],
      state: 'ACTIVE',
    });
    await path.release('target', '127.10.100.2', quickWait());
    expect(platform.of('target')['traffic_rules/TrafficRule002']).toMatchObject({
      trafficFilter: [{ srcAddress: [] }],
      state: 'INACTIVE',
    });
    await path.release('target', '127.10.100.2', quickWait());
    await path.release('nobody', '127.10.100.2', quickWait());
  });

  it('addresses that are nobody’s any more are not led: after any number of moves a rule is as long as after one', async () => {
    const addresses = Array.from({ length: 12 }, (_, move) => `10.4.1.${move + 1}`);
    for (const former of addresses) {
      const { former: known } = await path.look(target, { name: NAME, device: null, ruleIds: [] }, soon());
      await path.turn(
        (
          await both({
            former: [...known, former],
            from: { instance: 'source', endpoint: { host: former, port: 7000 } },
          })
        )[0],
        quickWait(),
      );
      expect(platform.of('target')['traffic_rules/TrafficRule001']).toMatchObject({
        trafficFilter: [{ dstAddress: [former] }],
        state: 'ACTIVE',
      });
      await path.forget(target, [former], quickWait());
      expect(platform.of('target')['traffic_rules/TrafficRule001']).toMatchObject({
        trafficFilter: [{ dstAddress: [] }],
        state: 'INACTIVE',
      });
    }
    const count = platform.written.length;
    await path.forget(target, addresses, quickWait());
    await path.forget({ ...target, id: 'nobody' }, addresses, quickWait());
    expect(platform.written).toHaveLength(count);
  });

  it('forgetting touches no rule that leads elsewhere', async () => {
    const before = platform.of('source');
    await path.forget(source, ['10.88.1.1'], quickWait());
    expect(platform.of('source')).toEqual(before);
  });
});
