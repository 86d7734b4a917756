import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { claimNetwork } from '../support/network.ts';
import { fleet } from '../support/sight.ts';
import { Stage } from '../support/stage.ts';

/** The order of the steps is what keeps writes from being lost: done in another order, the devices' counters show it. */
const { net: NETWORK } = await claimNetwork();

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.strike();
  stage = undefined;
});

interface Window {
  readonly total: {
    readonly requests: number;
    readonly lost: number;
    readonly givenUp: number;
    readonly stale: number;
    readonly doubled: number;
  };
}

interface Devices {
  readonly devices: { readonly devices: readonly { readonly givenUp: number; readonly acknowledged: number }[] };
}

async function underLoad(): Promise<Stage> {
  stage = await Stage.set(NETWORK, { clamp: 2 });
  await fleet(stage, 3, { rate: 10, giveUpMs: 2_000 });
  return stage;
}

const counted = async (on: Stage, key: 'givenUp' | 'acknowledged'): Promise<number> =>
  (await on.sandbox<Devices>('/state')).devices.devices.reduce((sum, device) => sum + device[key], 0);

/** Moves to another MEC system, whose notice to the devices is held; `meanwhile` is done after the hand-over. */
async function moving(on: Stage, meanwhile: (on: Stage) => Promise<void>): Promise<Window> {
  await on.relocate('cloud', 'a2');
  await on.sandbox('/devices/windows', 'POST', { name: 'move' });
  const notice = await on.fault({
    peer: 'lcm-proxy',
    operation: 'POST /notifications/address_change',
    kind: 'hold',
    when: 'before',
  });
  await on.begin('a2', 'w1');
  await eventually(async () => (await on.faultState(notice)).held > 0, 30_000);
  await meanwhile(on);
  await on.sandbox(`/faults/${notice}/release`, 'POST', {});
  return await on.sandbox<Window>('/devices/windows/move', 'DELETE');
}

describe('in the right order', () => {
  it('nothing is lost, however late the devices are told', async () => {
    const on = await underLoad();
    const { total } = await moving(on, async () => {
      const before = await counted(on, 'acknowledged');
      await eventually(async () => (await counted(on, 'acknowledged')) > before + 60, 20_000);
    });
    expect(total.requests).toBeGreaterThan(60);
    expect(total).toMatchObject({ lost: 0, givenUp: 0, stale: 0, doubled: 0 });
  });
});

describe('in a wrong order the counters show loss:', () => {
  it('the source deleted before the drain', async () => {
    const on = await underLoad();
    const { total } = await moving(on, async () => {
      const meo = `http://127.${NETWORK}.2.1:8080/app_lcm/v1/app_instances`;
      const [source] = (await (await fetch(meo)).json()) as { id: string }[];
      await fetch(`${meo}/${source?.id}/terminate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ terminationType: 'FORCEFUL' }),
      });
      await eventually(async () => (await counted(on, 'givenUp')) > 0, 20_000);
    });
    expect(total.givenUp).toBeGreaterThan(0);
  });

  it('the source stopped first', async () => {
    const on = await underLoad();
    await eventually(async () => (await counted(on, 'acknowledged')) > 10);
    await on.sandbox('/devices/windows', 'POST', { name: 'move' });
    const order = { orderItem: [{ id: '1', action: 'modify', service: { id: 'counter-0', state: 'inactive' } }] };
    await fetch(`http://127.${NETWORK}.1.1:8080/tmf-api/serviceOrdering/v4/serviceOrder`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order),
    });
    await eventually(async () => (await counted(on, 'givenUp')) > 0, 20_000);
    const { total } = await on.sandbox<Window>('/devices/windows/move', 'DELETE');
    expect(total.givenUp).toBeGreaterThan(0);
    const { state, result } = await on.reaches((await on.begin('cloud', 'a1')).id, ['ended']);
    expect({ state, outcome: result?.outcome, type: result?.failure?.type }).toStrictEqual({
      state: 'ended',
      outcome: 'refused',
      type: 'NotServing',
    });
  });
});
