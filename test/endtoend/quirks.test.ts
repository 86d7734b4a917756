import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PeerList } from '../../api/resources.ts';
import type { Configuration } from '../../configuration/peers.ts';
import { type Proof, proofIn } from '../../sandbox/application/proof.ts';
import { filesOf } from '../../sandbox/certificates/files.ts';
import { eventually } from '../support/eventually.ts';
import { claimNetwork } from '../support/network.ts';
import { restorable } from '../support/restorable.ts';
import { fleet, measured, unharmed, worldOf, type World } from '../support/sight.ts';
import { type Logged, Stage } from '../support/stage.ts';

/**
 * Every peer is as odd as the published texts allow (sandbox/README.md, Quirks), all of it at once, and asks whoever calls
 * for a certificate; the application does so too, and wants to see the token of its operator.
 */
const { net: NETWORK } = await claimNetwork();
/** Gateways that wake and lists that lag cost some steps several seconds. */
const LIMIT_MS = 150_000;
/** A connection that nobody uses for so long is closed: the next one is made with the files as they are then. */
const IDLE_MS = 6_000;
const TOKEN = 'of the operator of this world';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set(NETWORK, {
    quirks: 'harmless',
    mtls: true,
    environment: { MANAGEMENT_TOKEN: TOKEN },
  });
});
afterAll(async () => await stage.strike());

/** What its instances show each other. */
const proof = (): Proof => {
  const { ca, certificate, key } = filesOf(join(stage.folder, 'certificates'), 'counter');
  const files = { MANAGEMENT_CA: ca, MANAGEMENT_CERTIFICATE: certificate, MANAGEMENT_KEY: key };
  return proofIn({ MANAGEMENT_TOKEN: TOKEN, ...files });
};

const met = async (): Promise<string[]> => {
  const quirks = await stage.sandbox<{ quirk: string; met: number }[]>('/quirks');
  return [...new Set(quirks.flatMap((one) => (one.met > 0 ? [one.quirk] : [])))].toSorted();
};

/** Where what is subscribed at each platform is told, whichever instance it is that is told. */
const subscribed = ({ peers }: World): Record<string, string[]> =>
  Object.fromEntries(
    (['a1', 'a2', 'w1'] as const).map((site) => [
      site,
      peers[`platform-${site}`].radio
        .map(({ callbackReference }) => callbackReference.replace(/127(\.\d+){3}/, 'instance'))
        .toSorted(),
    ]),
  );

/** What there is of instances, wherever it is, by the site that has it. */
const present = ({ peers }: World): Record<string, unknown> => ({
  cellular: peers['meo-cellular'].instances.map(({ instantiationState }) => instantiationState),
  wifi: peers['meo-wifi'].instances.map(({ instantiationState }) => instantiationState),
  operations: [...peers['meo-cellular'].openOperations, ...peers['meo-wifi'].openOperations],
  rules: (['a1', 'a2', 'w1'] as const).filter((site) => {
    const { dns, traffic } = peers[`platform-${site}`].rules;
    return Object.keys({ ...dns, ...traffic }).length > 0;
  }),
  cloud: peers['cloud-manager'].instances.filter(({ state }) => state === 'running').length,
});

describe('among peers with every harmless quirk', () => {
  it('a relocation that fails leaves everything as it was', async () => {
    const before = await restorable(stage, NETWORK, proof());
    const refused = await stage.fault({
      peer: 'platform-a1',
      operation: 'PUT /mec_app_support/v1/applications/*/traffic_rules/*',
      times: 1,
      kind: 'status',
      status: 400,
    });
    const { id } = await stage.begin('cloud', 'a1');
    await expect(stage.ends(id, LIMIT_MS)).resolves.toMatchObject({
      outcome: 'rolledBack',
      failure: { type: 'PeerRejected', step: 'switchPath' },
      leftovers: [],
    });
    expect((await stage.faultState(refused)).fired).toBe(1);
    expect(await restorable(stage, NETWORK, proof())).toStrictEqual(before);
    await stage.clearFaults();
    await fleet(stage, 3, { rate: 10, giveUpMs: 2_000 });
  });

  const [none, one] = [{ cellular: [], wifi: [], operations: [], rules: [], cloud: 0 }, ['INSTANTIATED']];
  it.each([
    ['cloud', 'a1', 'a1', { ...none, cellular: one, rules: ['a1'] }],
    ['a1', 'a2', 'a2', { ...none, cellular: one, rules: ['a2'] }],
    ['a2', 'w1', 'w1', { ...none, wifi: one, rules: ['w1'] }],
    ['w1', 'cloud', 'a1', { ...none, cloud: 1 }],
  ] as const)('the application moves from %s to %s, and everything that is its own', async (from, to, at, there) => {
    const before = Object.values(subscribed(await worldOf(stage))).flat();
    const { result, figures } = await measured(stage, async () => {
      const { id } = await stage.begin(from, to);
      return await stage.ends(id, LIMIT_MS);
    });
    expect(result).toMatchObject({ outcome: 'relocated', leftovers: [], guarantee: 'zeroLoss', pathObserved: true });
    expect(figures).toMatchObject(unharmed);
    expect(figures.requests).toBeGreaterThan(100);
    const world = await worldOf(stage);
    // three of its own, and three that are told elsewhere
    expect(before).toHaveLength(6);
    expect(result.moved.subscriptions).toBe(6);
    expect(subscribed(world)).toEqual({ a1: [], a2: [], w1: [], [at]: before });
    expect(present(world)).toEqual(there);
  });

  it('and every quirk was met', async () => {
    const ordered = await stage.sandbox<{ quirk: string }[]>('/quirks');
    expect(await met()).toEqual([...new Set(ordered.map(({ quirk }) => quirk))].toSorted());
  });
});

describe('among peers that ask whoever calls for a certificate', () => {
  it('all that was asked of them was asked with ours', async () => {
    const { peers, applications } = JSON.parse(readFileSync(stage.configuration, 'utf8')) as Configuration;
    expect(Object.values(peers).filter(({ url, tls }) => !url.startsWith('https:') || tls === undefined)).toEqual([]);
    expect(applications['counter']?.management).toMatchObject({ token: expect.anything(), tls: expect.anything() });
    const log = await stage.sandbox<Logged[]>('/log?since=0');
    const known = log.filter(({ by }) => by === 'operator-a').map(({ peer }) => peer);
    expect([...new Set(known)]).toEqual(expect.arrayContaining(['meo-cellular', 'meo-wifi', 'platform-a1', 'oss']));
    expect(log.filter(({ by, peer }) => by === undefined && peer.startsWith('meo-'))).toEqual([]);
  });

  it('and no secret stands in a log', () => {
    const logs = readdirSync(stage.folder).filter((file) => file.endsWith('.log'));
    const said = logs.map((file) => readFileSync(join(stage.folder, file), 'utf8')).join('');
    expect(logs.length).toBeGreaterThan(2);
    for (const secret of [TOKEN, 'PRIVATE KEY', 'BEGIN CERTIFICATE']) expect(said).not.toContain(secret);
  });

  const told = async (): Promise<string[]> =>
    ((await (await stage.ask('/v1/peers')).json()) as PeerList).peers.map(({ detail }) => detail);

  it('one of ours that has ended is told by each of them, and a renewed one is taken without a new start', async () => {
    const renewed = async (how: object) => await stage.sandbox('/certificates/operator-a', 'POST', how);
    await renewed({ days: -1 });
    const ended = /ended the connection .* ours \(operator-a, of sandbox\) ended at .*: put a renewed one there/;
    await eventually(async () => (await told()).every((detail) => ended.test(detail)), 60_000, IDLE_MS);
    await renewed({});
    const all = async (): Promise<boolean> => (await told()).every((detail) => detail === 'answers');
    await eventually(all, 60_000, IDLE_MS);
    expect((await told()).length).toBe(11);
  });
});
