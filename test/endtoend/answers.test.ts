import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { claimNetwork } from '../support/network.ts';
import { Stage } from '../support/stage.ts';

/** Executed, but the answer was lost: the effect is found and not repeated. Said to be done, but not: it is observed. */
const { net: NETWORK } = await claimNetwork();
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set(NETWORK);
});
afterAll(async () => await stage.strike());
afterEach(async () => await stage.clearFaults());

interface World {
  readonly peers: {
    readonly 'meo-cellular': { readonly instances: readonly unknown[] };
    readonly 'cloud-manager': { readonly instances: readonly { readonly state: string }[] };
    readonly 'platform-a1': { readonly radio: readonly { readonly callbackReference: string }[] };
    readonly 'meo-wifi': { readonly instances: readonly unknown[] };
  };
}

const lost = (['reset', '504', 'silence'] as const).map((as) => ({ kind: 'answerLost', as, times: 1 }));
const meo = 'meo-cellular';
const RULES = '/mec_app_support/v1/applications/*';

/**
 * Each call that makes or changes something, there and back. Of each step one call goes in a journey: a step is an activity,
 * and knows nothing of what another one had to bear. The package's are further down.
 */
const journeys = [
  {
    there: [
      [meo, 'POST /app_lcm/v1/app_instances'],
      ['platform-a1', 'POST /rni/v2/subscriptions'],
      ['platform-a1', `PUT ${RULES}/dns_rules/*`],
      ['lcm-proxy', 'POST /notifications/address_change'],
      ['platform-a1', 'DELETE /rni/v2/subscriptions/*'],
    ],
    back: [[meo, 'POST /app_lcm/v1/app_instances/*/terminate']],
  },
  {
    there: [
      [meo, 'POST /app_lcm/v1/app_instances/*/instantiate'],
      ['platform-a1', `PUT ${RULES}/traffic_rules/*`],
      ['oss', 'POST /tmf-api/serviceOrdering/v4/serviceOrder'],
    ],
    back: [[meo, 'DELETE /app_lcm/v1/app_instances/*']],
  },
] as const;

async function expectOnce(target: 'a1' | 'cloud'): Promise<void> {
  const { peers } = await stage.sandbox<World>('/state');
  expect(peers[meo].instances).toHaveLength(target === 'a1' ? 1 : 0);
  expect(peers['cloud-manager'].instances.map(({ state }) => state)).toStrictEqual([
    target === 'a1' ? 'stopped' : 'running',
  ]);
  const owners = new Set(
    peers['platform-a1'].radio.map(({ callbackReference }) => new URL(callbackReference).hostname),
  );
  expect(peers['platform-a1'].radio).toHaveLength(3);
  expect([...owners]).toHaveLength(1);
}

/** How often each fault has fired, in their order. */
async function expectRelocated(
  source: string,
  target: 'a1' | 'cloud',
  ...faults: readonly object[]
): Promise<number[]> {
  const injected = await Promise.all(faults.map(async (fault) => await stage.fault(fault)));
  await expect(stage.relocate(source, target)).resolves.toMatchObject({ outcome: 'relocated', leftovers: [] });
  await expectOnce(target);
  const fired = await Promise.all(injected.map(async (id) => (await stage.faultState(id)).fired));
  expect(fired).toStrictEqual(faults.map(() => 1));
  await stage.clearFaults();
  return fired;
}

describe.each(lost)('an answer lost by $as', (fault) => {
  describe.each(journeys)('in a relocation there and back', ({ there, back }) => {
    const fired: number[] = [];
    beforeAll(async () => {
      const faults = (calls: readonly (readonly [string, string])[]) =>
        calls.map(([peer, operation]) => ({ peer, operation, ...fault }));
      fired.push(...(await expectRelocated('cloud', 'a1', ...faults(there))));
      fired.push(...(await expectRelocated('a1', 'cloud', ...faults(back))));
    });

    it.each([...there, ...back].map((call, at) => [...call, at] as const))('of %s %s repeats nothing', (_, __, at) => {
      expect(fired[at]).toBe(1);
    });
  });
});

describe('a peer', () => {
  it('whose operation ends in FAILED_TEMP is asked to retry it', async () => {
    const operation = 'POST /app_lcm/v1/app_instances/*/instantiate';
    await expectRelocated('cloud', 'a1', { peer: meo, operation, kind: 'failedTemp', recovers: true, times: 1 });
    await expectRelocated('a1', 'cloud');
  });

  it('that asks for time is given it: 429 with Retry-After', async () => {
    const fault = {
      peer: meo,
      operation: 'POST /app_lcm/v1/app_instances',
      kind: 'status',
      status: 429,
      retryAfter: 1,
      times: 1,
    };
    await expectRelocated('cloud', 'a1', fault);
    await expectRelocated('a1', 'cloud');
  });

  it('that answers with nonsense ends in a failure that names the peer and the call', async () => {
    const fault = {
      peer: 'platform-a1',
      operation: 'GET /mec_service_mgmt/v1/services',
      kind: 'status',
      status: 200,
      body: { services: 'none' },
    };
    await stage.fault(fault);
    const { outcome, failure } = await stage.relocate('cloud', 'a1');
    expect({ outcome, type: failure?.type }).toStrictEqual({ outcome: 'refused', type: 'PeerMalformed' });
    expect(failure?.message).toMatch(/platform-a1.*GET \/mec_service_mgmt\/v1\/services/);
  });
});

describe('a package whose answer was lost', () => {
  it.each(lost)('by $as is on-boarded once', async (fault) => {
    // packages are kept: each case needs a system that has not got it; the Wi-Fi system is asked once, then nothing is left
    const peers = await stage.sandbox<{ peers: Record<string, { packages?: readonly { id: string }[] }> }>('/state');
    for (const { id } of peers.peers['meo-wifi']?.packages ?? []) {
      const url = `http://127.${NETWORK}.3.1:8080/app_pkgm/v1/app_packages/${id}`;
      const disabled = {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: '{"operationalState":"DISABLED"}',
      };
      await fetch(url, disabled);
      await fetch(url, { method: 'DELETE' });
    }
    const injected = await stage.fault({ peer: 'meo-wifi', operation: 'POST /app_pkgm/v1/app_packages', ...fault });
    await expect(stage.relocate('cloud', 'w1')).resolves.toMatchObject({
      outcome: 'relocated',
      moved: { package: 'distributed' },
    });
    expect((await stage.faultState(injected)).fired).toBe(1);
    const after = await stage.sandbox<{ peers: Record<string, { packages?: readonly unknown[] }> }>('/state');
    expect(after.peers['meo-wifi']?.packages).toHaveLength(1);
    await expect(stage.relocate('w1', 'cloud')).resolves.toMatchObject({ outcome: 'relocated' });
  });
});
