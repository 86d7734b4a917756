import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Exchange } from '../../adapters/http.ts';
import { mec016Notices } from '../../adapters/mec016/notices.ts';
import { Faults } from '../../sandbox/faults.ts';
import { Journal } from '../../sandbox/journal.ts';
import { type Peer, servePeer } from '../../sandbox/peer.ts';
import { lcmProxyPeer } from '../../sandbox/peers/lcm-proxy.ts';
import { ask } from '../support/asking.ts';
import { counter } from '../support/counter.ts';
import { faultyServer, type FaultyServer } from '../support/faulty-server.ts';

const notice = {
  from: 'in-the-cloud',
  to: 'at-a1',
  endpoint: { host: '127.0.0.2', port: 7000 },
  application: counter,
  user: '*',
};
const soon = (): AbortSignal => AbortSignal.timeout(10_000);

describe("a notice of an application's new address", () => {
  let proxy: Peer;
  let devices: FaultyServer;
  const notices = () =>
    mec016Notices(new Exchange({ name: 'lcm-proxy', url: proxy.url, timeoutMs: 2_000 }, pino({ enabled: false })));
  const told = () => devices.heard.map(({ path, json }) => [path, json['appInstanceId'], json['referenceURI']]);

  beforeEach(async () => {
    const plan = { ...lcmProxyPeer(235), address: '127.0.0.1', port: 0 };
    proxy = await servePeer(plan, { journal: new Journal(), faults: new Faults() });
    devices = await faultyServer(() => ({ status: 204 }));
    const appInfo = { appDId: 'd', appName: 'counter', appProvider: 'e', appSoftVersion: '1', appDVersion: '1' };
    const serving = { appInstanceId: 'in-the-cloud', referenceURI: 'http://127.0.0.1:7000/' };
    await ask('PUT', `${proxy.url}/offers/d`, { appInfo, serving });
    for (const user of ['ue-1', 'ue-2'])
      await ask('POST', `${proxy.url}/dev_app/v1/app_contexts`, {
        associateDevAppId: user,
        callbackReference: `${devices.url}/${user}`,
        appInfo: { ...appInfo, userAppInstanceInfo: [{}] },
      });
  });
  afterEach(async () => {
    await proxy.close();
    await devices.close();
  });

  it('reaches every device that the old instance served', async () => {
    expect(await notices().addressChanged(notice, soon())).toBe(true);
    expect(told().toSorted(([a], [b]) => String(a).localeCompare(String(b)))).toEqual([
      ['/ue-1', 'at-a1', 'http://127.0.0.2:7000/'],
      ['/ue-2', 'at-a1', 'http://127.0.0.2:7000/'],
    ]);
  });

  it('names an IPv6 address as a URI writes it', async () => {
    await notices().addressChanged({ ...notice, endpoint: { host: '2001:db8::7', port: 7000 }, user: 'ue-1' }, soon());
    expect(told()).toEqual([['/ue-1', 'at-a1', 'http://[2001:db8::7]:7000/']]);
  });

  it('reaches only the one who moved', async () => {
    await notices().addressChanged({ ...notice, user: 'ue-2' }, soon());
    expect(told()).toEqual([['/ue-2', 'at-a1', 'http://127.0.0.2:7000/']]);
  });

  it('reaches devices again after a way back', async () => {
    await notices().addressChanged(notice, soon());
    const back = { ...notice, from: 'at-a1', to: 'in-the-cloud', endpoint: { host: '127.0.0.1', port: 7000 } };
    await notices().addressChanged(back, soon());
    expect(told().slice(2)).toEqual([
      [expect.any(String), 'in-the-cloud', 'http://127.0.0.1:7000/'],
      [expect.any(String), 'in-the-cloud', 'http://127.0.0.1:7000/'],
    ]);
  });

  it('may be given again, and is unavailable when the proxy is', async () => {
    await notices().addressChanged({ ...notice, user: 'ue-1' }, soon());
    await notices().addressChanged({ ...notice, user: 'ue-1' }, soon());
    expect(told()).toHaveLength(2);
    await proxy.close();
    await expect(notices().addressChanged(notice, soon())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    proxy = { ...proxy, close: async () => undefined };
  });
});

it.each([400, 404, 405, 409, 410, 422, 501])(
  'a notice that a proxy has nobody for, or no ear for (%i), is none that was heard',
  async (status) => {
    const proxy = await faultyServer(() => ({ status }));
    expect(await mec016Notices(proxy.exchange).addressChanged(notice, soon())).toBe(false);
    await proxy.close();
  },
);
