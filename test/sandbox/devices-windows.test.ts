import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startDevices } from '../../sandbox/devices/control.ts';
import type { WindowFigures } from '../../sandbox/devices/window.ts';
import { type Network, startNetwork } from '../../sandbox/network/network.ts';
import type { Peer } from '../../sandbox/peer.ts';
import { ask, eventually } from '../support/asking.ts';
import { busy } from '../support/busy.ts';
import { claimNetwork } from '../support/network.ts';
import { accept, NumberedWrites } from '../support/numbered-writes.ts';

const { net: NET } = await claimNetwork();
const name = 'counter.edge.example';

let network: Network;
let devices: Peer;
let application: NumberedWrites;

/**
 * One resolving device, or one of each kind; a write is given up late, lest a busy machine do that. They rest between windows:
 * a window that begins at once finds no write that became due before it.
 */
const start = async (count = 1, giveUpMs = 10_000, rest = 1): Promise<void> => {
  const fleet = { application: { name, port: 7000 }, devices: count, rate: 20, giveUpMs, rest };
  expect((await ask('POST', `${devices.url}/fleet`, fleet)).status).toBe(201);
  await accepted(1);
};

const accepted = async (writes: number): Promise<void> => {
  const counts = () => [...application.users.values()].map((context) => context.accepted.size);
  await eventually(counts, (seen) => seen.length > 0 && seen.every((count) => count >= writes));
};

const begin = async (window = 'move') =>
  expect((await ask('POST', `${devices.url}/windows`, { name: window })).status).toBe(201);

const end = async (window = 'move'): Promise<WindowFigures> => {
  const { status, body } = await ask<WindowFigures>('DELETE', `${devices.url}/windows/${window}`);
  expect(status).toBe(200);
  return body;
};

/** Lets the application misbehave once, at the next new number, and waits until that has happened and been overcome. */
const misbehave = async (how: NumberedWrites['write']): Promise<void> => {
  let at: number | undefined;
  application.write = (context, number) => {
    if (!context.accepted.has(number)) at ??= number;
    return number === at ? how(context, number) : accept(context, number);
  };
  await eventually(
    () => at !== undefined && [...application.users.values()].some((context) => context.accepted.has((at ?? 0) + 3)),
    Boolean,
  );
};

beforeAll(async () => {
  network = await startNetwork(NET);
  devices = await startDevices(NET);
  application = await new NumberedWrites(`127.${NET}.41.1`).listen();
  await ask('PUT', `${network.url}/zone`, { [name]: { address: application.address, ttl: 60 } });
});
afterAll(async () => {
  await Promise.all([network.close(), devices.close()]);
  application.close();
});
beforeEach(() => application.reset());
afterEach(async () => void (await ask('DELETE', `${devices.url}/fleet`)));

describe('a window', () => {
  it('tells for how long the devices themselves had no time to run', async () => {
    await start();
    await begin();
    const [before = 0] = [...application.users.values()].map((context) => context.accepted.size);
    await accepted(before + 3); // its clock has begun to tick
    const until = performance.now() + 400;
    while (performance.now() < until);
    await accepted(before + 4);
    const { stoodStillMs } = await end();
    expect(stoodStillMs).toBeGreaterThan(300);
    expect(stoodStillMs).toBeLessThan(1_000 * busy());
  });

  it('counts every write that became due in it, by device and kind, and finds nothing wrong where nothing is', async () => {
    await start(4);
    await begin();
    await accepted(30);
    const { devices: each, byKind, total, durationMs } = await end();
    const clean = { lost: 0, givenUp: 0, stale: 0, doubled: 0 };
    expect(total).toMatchObject(clean);
    expect(each.map(({ ue, kind }) => [ue, kind])).toEqual([
      ['ue-1', 'resolving'],
      ['ue-2', 'keeping'],
      ['ue-3', 'clamping'],
      ['ue-4', 'resolving'],
    ]);
    for (const device of each) {
      expect(Math.abs(device.requests - durationMs / 50)).toBeLessThanOrEqual(1);
      expect(device.longestGapMs).toBeGreaterThan(5);
    }
    expect(byKind.resolving?.requests).toBe((each[0]?.requests ?? 0) + (each[3]?.requests ?? 0));
    expect(total.requests).toBe(each.reduce((sum, { requests }) => sum + requests, 0));
  });

  it('counts as lost what was acknowledged and is missing at the end', async () => {
    await start();
    await begin();
    await misbehave(({ counter }) => counter + 1);
    expect((await end()).total).toMatchObject({ lost: 1, givenUp: 0, doubled: 0 });
  });

  it('counts apart from what is lost what had to be given up, and shows the gap and when it began', async () => {
    await start(1, 300);
    await begin();
    const before = Date.now();
    await misbehave(() => undefined);
    const { total, devices: each } = await end();
    expect(total).toMatchObject({ lost: 0, stale: 0, doubled: 0 });
    expect(total.givenUp).toBeGreaterThanOrEqual(1);
    expect(total.longestGapMs).toBeGreaterThanOrEqual(300);
    expect(Math.abs(Date.parse(each[0]?.longestGapAt ?? '') - before)).toBeLessThan(200 * busy());
  });

  it('waits, when it ends, for what became due in it and is not settled yet', async () => {
    await start(1, 300);
    await begin();
    let pending = false;
    application.write = () => {
      pending = true;
      return undefined;
    };
    await eventually(() => pending, Boolean);
    expect((await end()).total.givenUp).toBeGreaterThanOrEqual(1);
  });

  it('counts as stale an answer that goes back behind one seen before, in its counter or its epoch', async () => {
    const more = async () => await accepted((application.users.get('ue-1')?.accepted.size ?? 0) + 3);
    await start();
    await begin();
    await accepted(5);
    await misbehave((context, number) => accept(context, number) - 3);
    expect((await end()).total).toMatchObject({ lost: 0, stale: 1, doubled: 0 });
    application.epoch = 3;
    await begin();
    await more();
    application.epoch = 2;
    await more();
    expect((await end()).total.stale).toBeGreaterThanOrEqual(2);
  });

  it('counts as doubled what the application counted twice, in the first window that ends after it', async () => {
    await start();
    await begin();
    await misbehave((context, number) => {
      context.counter += 1;
      return accept(context, number);
    });
    expect((await end()).total).toMatchObject({ lost: 0, stale: 0, doubled: 1 });
    await begin('later');
    expect((await end('later')).total.doubled).toBe(0);
  });

  it('counts every acknowledged write as lost when no context can be read back, for nothing shows that it is there', async () => {
    await start(1, 2_000);
    await begin();
    await accepted(5);
    application.close();
    try {
      const { total } = await end();
      expect(total.lost).toBeGreaterThan(0);
      expect(total.lost + total.givenUp).toBe(total.requests);
    } finally {
      application = await new NumberedWrites(application.address).listen();
    }
  });

  it('is refused without a fleet, or under a name that is open; one that is not open is unknown', async () => {
    expect((await ask('POST', `${devices.url}/windows`, { name: 'move' })).status).toBe(409);
    await start();
    await begin();
    expect((await ask('POST', `${devices.url}/windows`, { name: 'move' })).status).toBe(409);
    await end();
    expect((await ask('DELETE', `${devices.url}/windows/move`)).status).toBe(404);
  });
});

describe('devices that rest while nobody counts', () => {
  const written = () => application.users.get('ue-1')?.accepted.size ?? 0;

  it('write at their rate in a window, and seldom before and after it', async () => {
    await start(1, 10_000, 2);
    const seldom = async (): Promise<void> => {
      const [begun, before] = [performance.now(), written()];
      await accepted(before + 3);
      expect(performance.now() - begun).toBeGreaterThan(950); // three are due within a second and a half
    };
    await seldom();
    await begin();
    await accepted(written() + 20);
    const { total, durationMs } = await end();
    expect(Math.abs(total.requests - durationMs / 50)).toBeLessThanOrEqual(1);
    expect(total).toMatchObject({ lost: 0, givenUp: 0, stale: 0, doubled: 0 });
    await seldom();
  });

  it('give up nothing before its time that became due while somebody counted', async () => {
    await start(1, Math.round(5_000 * busy()), 0.1);
    await begin();
    let pending = false;
    application.write = () => void (pending = true);
    await eventually(() => pending, Boolean);
    const counted = end(); // waits for what is due; more becomes due meanwhile
    const before = written();
    application.write = accept;
    const { requests } = (await counted).total;
    await accepted(before + requests + 5);
    const { body } = await ask<{ devices: { givenUp: number }[] }>('GET', `${devices.url}/state`);
    expect(body.devices).toEqual([expect.objectContaining({ givenUp: 0 })]);
  });
});
