import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startDevices } from '../../sandbox/devices/control.ts';
import { type Network, startNetwork } from '../../sandbox/network/network.ts';
import type { Peer } from '../../sandbox/peer.ts';
import { counterDescriptor } from '../../sandbox/provider.ts';
import { ask, eventually } from '../support/asking.ts';
import { claimNetwork } from '../support/network.ts';
import { accept, NumberedWrites } from '../support/numbered-writes.ts';

const { net: NET } = await claimNetwork();
const name = 'counter.edge.example';
const [old, fresh, wifi] = [`127.${NET}.21.1`, `127.${NET}.22.1`, `127.${NET}.31.1`];

interface Shown {
  readonly ue: string;
  readonly kind: string;
  readonly network: string;
  readonly cached: string | null;
  readonly instance: string | null;
  readonly number: number;
  readonly connections: number;
  readonly acknowledged: number;
}

let network: Network;
let devices: Peer;
const applications = new Map<string, NumberedWrites>();
const at = (address: string): NumberedWrites => applications.get(address) as NumberedWrites;

const rules = async (access: string, of: { dns?: [string, number]; leads?: [string, string] }): Promise<void> => {
  const dns = of.dns === undefined ? [] : [{ name, address: of.dns[0], ttl: of.dns[1] }];
  const rule = { id: 'all', priority: 10, sources: [], action: 'FORWARD_DECAPSULATED' };
  const traffic = of.leads === undefined ? [] : [{ ...rule, destinations: [of.leads[0]], leadsTo: of.leads[1] }];
  expect((await ask('PUT', `${network.url}/networks/${access}/rules`, { dns, traffic })).status).toBe(204);
};

/** One device of each kind: ue-1 resolves, ue-2 keeps, ue-3 clamps. */
const start = async (plan: object = {}): Promise<void> => {
  const fleet = { application: { name, port: 7000 }, devices: 3, rate: 50, ...plan };
  expect((await ask('POST', `${devices.url}/fleet`, fleet)).status).toBe(201);
};

const shown = async (kind: string): Promise<Shown> => {
  const { body } = await ask<{ devices: Shown[] }>('GET', `${devices.url}/state`);
  return body.devices.find((device) => device.kind === kind) as Shown;
};

const reaches = async (kind: string, instance: string): Promise<Shown> =>
  await eventually(
    async () => await shown(kind),
    (device) => device.instance === instance,
  );

/** Long enough for whatever would happen with the next writes to have happened. */
const writesOn = async (kind: string, writes: number): Promise<Shown> => {
  const { acknowledged } = await shown(kind);
  return await eventually(
    async () => await shown(kind),
    (device) => device.acknowledged >= acknowledged + writes,
  );
};

const notify = async (ue: string, host: string): Promise<void> => {
  const notification = {
    notificationType: 'AddressChangeNotification',
    contextId: 'c1',
    appInstanceId: 'i1',
    referenceURI: `http://${host}:7000`,
  };
  expect((await ask('POST', `${devices.url}/callbacks/${ue}`, notification)).status).toBe(204);
};

beforeAll(async () => {
  network = await startNetwork(NET);
  devices = await startDevices(NET);
  for (const address of [old, fresh, wifi]) applications.set(address, await new NumberedWrites(address).listen());
});
afterAll(async () => {
  await Promise.all([network.close(), devices.close()]);
  for (const application of applications.values()) application.close();
});
beforeEach(async () => {
  for (const application of applications.values()) application.reset();
  await rules('wifi', {});
  await rules('cellular', { dns: [old, 1] });
});
afterEach(async () => {
  await ask('DELETE', `${devices.url}/fleet`);
});

describe('a resolving device', () => {
  it('connects anew whenever the TTL is over, also to the same address', async () => {
    await start({ devices: 1 });
    await reaches('resolving', old);
    const opened = async () => at(old).connections;
    expect(await eventually(opened, (connections) => connections > 1)).toBe(2);
  });

  it('keeps its connection until then, and then goes where the name leads', async () => {
    await start({ devices: 1 });
    await reaches('resolving', old);
    await rules('cellular', { dns: [fresh, 1] });
    expect(await reaches('resolving', fresh)).toMatchObject({ cached: fresh, connections: 2 });
  });
});

describe('a keeping device', () => {
  it('stays where it is, and dials the same address again when the connection is closed', async () => {
    await start();
    await reaches('keeping', old);
    await rules('cellular', { dns: [fresh, 1] });
    await reaches('resolving', fresh); // so the old answer has expired
    expect(await writesOn('keeping', 5)).toMatchObject({ instance: old, cached: old, connections: 1 });
    at(old).closing = true;
    const { instance, cached } = await eventually(
      async () => await shown('keeping'),
      (now) => now.connections >= 3,
    );
    expect([instance, cached]).toEqual([old, old]);
  });

  it('is led by a traffic rule with its next connection, and not before', async () => {
    await start();
    await reaches('keeping', old);
    await rules('cellular', { dns: [old, 1], leads: [old, fresh] });
    expect(await writesOn('keeping', 5)).toMatchObject({ instance: old, connections: 1 });
    at(old).closing = true;
    expect(await reaches('keeping', fresh)).toMatchObject({ cached: old, connections: 2 });
  });
});

describe('a clamping device', () => {
  it('keeps an answer for the clamp, and then asks again', async () => {
    const begun = performance.now();
    await start({ clampSeconds: 2.5 });
    await reaches('clamping', old);
    await rules('cellular', { dns: [fresh, 1] });
    await reaches('resolving', fresh); // so the TTL is over
    expect(await writesOn('clamping', 5)).toMatchObject({ instance: old, connections: 1 });
    expect(await reaches('clamping', fresh)).toMatchObject({ connections: 2 });
    expect(performance.now() - begun).toBeGreaterThan(2_500);
  });
});

describe('a device that is told of a new endpoint', () => {
  it('goes to the access network in which that lies, and resolves there when it honours TTLs', async () => {
    await rules('cellular', { dns: [old, 60] });
    await rules('wifi', { dns: [wifi, 60] });
    await start();
    await reaches('resolving', old);
    await notify('ue-1', wifi);
    expect(await reaches('resolving', wifi)).toMatchObject({ network: 'wifi', connections: 2 });
    await notify('ue-1', `127.${NET}.41.1`);
    await notify('ue-1', wifi);
    expect(await writesOn('resolving', 5)).toMatchObject({ network: 'wifi', connections: 2 });
  });

  it('lets its established connection finish, and dials the kept address through the new user plane', async () => {
    await rules('wifi', { leads: [old, wifi] });
    await start();
    await reaches('keeping', old);
    await notify('ue-2', wifi);
    expect(await writesOn('keeping', 5)).toMatchObject({ network: 'wifi', instance: old, connections: 1 });
    at(old).closing = true;
    expect(await reaches('keeping', wifi)).toMatchObject({ cached: old, connections: 2 });
  });
});

describe('a fleet', () => {
  it('sends a write again with the same number until it is answered, whether or not it had arrived', async () => {
    const lost = new Set<number>();
    at(old).write = (context, number) => {
      const { size } = context.accepted;
      const first = !lost.has(size);
      if (size !== 5 || !first) accept(context, number);
      return (size === 2 || size === 5) && first ? (lost.add(size), null) : context.counter;
    };
    await start({ devices: 1 });
    expect(await writesOn('resolving', 8)).toMatchObject({ retried: 2, givenUp: 0, stale: 0 });
    const accepted = [...(at(old).users.get('ue-1')?.accepted ?? [])];
    expect(accepted).toEqual(accepted.map((_, i) => (accepted[0] ?? 0) + i));
  });

  it('comes from the devices’ own addresses, and goes on with the numbers of the fleet before', async () => {
    await start({ devices: 1 });
    await reaches('resolving', old);
    const { body } = await ask<{ networks: { cellular: { connections: { from: string }[] } } }>(
      'GET',
      `${network.url}/state`,
    );
    expect(body.networks.cellular.connections.map(({ from }) => from)).toEqual([`127.${NET}.100.1`]);
    expect((await ask('POST', `${devices.url}/fleet`, { application: { name, port: 7000 } })).status).toBe(409);
    await ask('DELETE', `${devices.url}/fleet`);
    expect((await ask('GET', `${devices.url}/fleet`)).body).toEqual({ running: false });
    const before = Math.max(...(at(old).users.get('ue-1')?.accepted ?? []));
    at(old).users.clear();
    await start({ devices: 1 });
    await reaches('resolving', old);
    expect(Math.min(...(at(old).users.get('ue-1')?.accepted ?? []))).toBe(before + 1);
  });

  it('registers each device at the LCM proxy, by what the descriptor says of the application', async () => {
    const contexts: unknown[] = [];
    const proxy = createServer((req, res) => {
      void json(req).then((body) => contexts.push([req.method, req.url, body]));
      res.writeHead(201).end();
    });
    await new Promise<void>((resolve) => proxy.listen(8080, `127.${NET}.1.2`, resolve));
    try {
      await start({ devices: 2 });
      await eventually(
        () => contexts.length,
        (count) => count === 2,
      );
    } finally {
      proxy.close();
    }
    const { appDId, appName, appProvider, appSoftVersion, appDVersion } = counterDescriptor(2);
    const context = (ue: string) => ({
      associateDevAppId: ue,
      callbackReference: `http://127.${NET}.0.4:8080/callbacks/${ue}`,
      appLocationUpdates: false,
      appInfo: { appDId, appName, appProvider, appSoftVersion, appDVersion, userAppInstanceInfo: [{}] },
    });
    const posted = ['ue-1', 'ue-2'].map((ue) => ['POST', '/dev_app/v1/app_contexts', context(ue)]);
    expect(contexts.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))).toEqual(posted);
  });
});
