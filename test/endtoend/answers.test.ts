import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Relocation } from '../../api/resources.ts';
import { claimNetwork } from '../support/network.ts';
import { Stage } from '../support/stage.ts';

/** Executed, but the answer was lost: the effect is found and not repeated. Said to be done, but not: it is observed. */
const { net: NETWORK } = await claimNetwork();
type Moved = NonNullable<Relocation['result']>['moved'];
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set(NETWORK);
});
afterAll(async () => await stage.strike());
afterEach(async () => await stage.clearFaults());

interface World {
  readonly peers: {
    readonly 'meo-cellular': {
      readonly instances: readonly unknown[];
      readonly packages: readonly { readonly id: string }[];
    };
    readonly 'cloud-manager': { readonly instances: readonly { readonly state: string }[] };
    readonly 'platform-a1': { readonly radio: readonly { readonly callbackReference: string }[] };
  };
}

const lost = (['reset', '504', 'silence'] as const).map((as) => ({ kind: 'answerLost', as, times: 1 }));
const meo = 'meo-cellular';
const RULES = '/mec_app_support/v1/applications/*';

/**
 * Each call that makes or changes something, there and back. Of each step one call goes in a journey: a step is an activity,
 * and knows nothing of what another one had to bear.
 */
const journeys = [
  {
    there: [
      [meo, 'POST /app_pkgm/v1/app_packages'],
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
      [meo, 'PUT /app_pkgm/v1/app_packages/*/package_content'],
      [meo, 'POST /app_lcm/v1/app_instances/*/instantiate'],
      ['platform-a1', `PUT ${RULES}/traffic_rules/*`],
      ['oss', 'POST /tmf-api/serviceOrdering/v4/serviceOrder'],
    ],
    back: [[meo, 'DELETE /app_lcm/v1/app_instances/*']],
  },
] as const;

/** As the operator of the MEC system would: packages are kept, and only what is not there is on-boarded. */
async function forgetPackage(): Promise<void> {
  const packages = `http://127.${NETWORK}.2.1:8080/app_pkgm/v1/app_packages`;
  const disabled = {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: '{"operationalState":"DISABLED"}',
  };
  for (const { id } of (await stage.sandbox<World>('/state')).peers[meo].packages) {
    await fetch(`${packages}/${id}`, disabled);
    expect((await fetch(`${packages}/${id}`, { method: 'DELETE' })).status).toBe(204);
  }
}

async function expectOnce(target: 'a1' | 'cloud'): Promise<void> {
  const { peers } = await stage.sandbox<World>('/state');
  expect(peers[meo].instances).toHaveLength(target === 'a1' ? 1 : 0);
  expect(peers[meo].packages).toHaveLength(1);
  expect(peers['cloud-manager'].instances.map(({ state }) => state)).toStrictEqual([
    target === 'a1' ? 'stopped' : 'running',
  ]);
  const owners = new Set(
    peers['platform-a1'].radio.map(({ callbackReference }) => new URL(callbackReference).hostname),
  );
  expect(peers['platform-a1'].radio).toHaveLength(3);
  expect([...owners]).toHaveLength(1);
}

/** How often each fault has fired, in their order, and what was moved. */
async function expectRelocated(
  source: string,
  target: 'a1' | 'cloud',
  ...faults: readonly object[]
): Promise<{ readonly fired: number[]; readonly moved: Moved }> {
  const injected = await Promise.all(faults.map(async (fault) => await stage.fault(fault)));
  const result = await stage.relocate(source, target);
  expect(result).toMatchObject({ outcome: 'relocated', leftovers: [] });
  await expectOnce(target);
  const fired = await Promise.all(injected.map(async (id) => (await stage.faultState(id)).fired));
  expect(fired).toStrictEqual(faults.map(() => 1));
  await stage.clearFaults();
  return { fired, moved: result.moved };
}

describe.each(lost)('an answer lost by $as', (fault) => {
  describe.each(journeys)('in a relocation there and back', ({ there, back }) => {
    const fired: number[] = [];
    let brought: Moved;
    beforeAll(async () => {
      const faults = (calls: readonly (readonly [string, string])[]) =>
        calls.map(([peer, operation]) => ({ peer, operation, ...fault }));
      await forgetPackage();
      const went = await expectRelocated('cloud', 'a1', ...faults(there));
      brought = went.moved;
      fired.push(...went.fired, ...(await expectRelocated('a1', 'cloud', ...faults(back))).fired);
    });

    it('brings the package, and says so', () => {
      expect(brought).toMatchObject({ package: 'distributed' });
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
