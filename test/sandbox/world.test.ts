import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { program } from '../../cli/built.ts';
import { parseConfiguration } from '../../configuration/peers.ts';
import { ask, eventually } from '../support/asking.ts';
import { busy } from '../support/busy.ts';
import { claimNetwork } from '../support/network.ts';

const { net: NET } = await claimNetwork();
const at = (host: string): string => `http://127.${NET}.${host}:8080`;
const START_LIMIT_MS = 60_000;

interface Ferry {
  readonly operator: string;
  readonly configuration: string;
}

interface World {
  readonly process: ChildProcess;
  readonly ready: { ready: true; world: string; control: string; configuration: string; ferries: Ferry[] };
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'world-test-'));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

const begin = async (): Promise<World> => {
  const args = ['--net', String(NET), '--package-cache', folder, '--config-out', path.join(folder, 'ferry.json')];
  const child = spawn(process.execPath, [...program('sandbox/main.ts'), '--tethered', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const line = once(createInterface(child.stdout), 'line') as Promise<[string]>;
  const [first] = await Promise.race([
    line,
    once(child, 'exit').then(() => Promise.reject(new Error(`the world did not come up:\n${said}`))),
  ]);
  return { process: child, ready: JSON.parse(first) };
};

type Processes = readonly { readonly name: string; readonly pid: number }[];
const isAlive = ({ pid }: { pid: number }): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a world', () => {
  let world: World;
  beforeAll(async () => {
    world = await begin();
  }, START_LIMIT_MS);
  afterAll(() => void world?.process.kill('SIGKILL'));
  const control = async <B>(method: string, below: string, body?: unknown) =>
    await ask<B>(method, `${world.ready.control}/sandbox${below}`, body);

  it('shows all of itself in one document', async () => {
    const { body } = await control<{ world: string }>('GET', '/state');
    expect(body).toMatchObject({ world: world.ready.world, peers: {}, network: {}, devices: {} });
    const text = JSON.stringify(body);
    for (const name of ['meo-cellular', 'meo-wifi', 'platform-a1', 'platform-w1', 'oss', 'lcm-proxy', 'cloud-manager'])
      expect(text).toContain(name);
  });

  it("gives Ferry's configuration, as answer and as file", async () => {
    const { body } = await control('GET', '/configuration');
    const file = await readFile(world.ready.configuration, 'utf8');
    expect(JSON.parse(file)).toEqual(body);
    const { applications, world: id } = parseConfiguration(file);
    expect(id).toBe(world.ready.world);
    const { archive } = applications['counter'] ?? {};
    const served = await fetch(archive?.uri ?? '');
    expect(Buffer.from(await served.arrayBuffer()).equals(await readFile(archive?.path ?? ''))).toBe(true);
  });

  it('is of two operators, and gives the configuration of each', async () => {
    const { body } = await control('GET', '/configuration?operator=operator-b');
    expect(world.ready.ferries.map(({ operator }) => operator)).toEqual(['operator-a', 'operator-b']);
    const [, b] = world.ready.ferries;
    expect(JSON.parse(await readFile(b?.configuration ?? '', 'utf8'))).toEqual(body);
    expect(Object.keys(parseConfiguration(JSON.stringify(body)).systems)).toEqual(['metro']);
    expect((await ask('GET', `${at('52.1')}/app_pkgm/v1/app_packages`)).body).toEqual([]);
    expect((await control('GET', '/configuration?operator=nobody')).status).toBe(404);
  });

  it('takes issuers down, and gives their clients new secrets', async () => {
    const fault = { peer: 'issuer-b', operation: 'GET /jwks', times: 1, kind: 'status', status: 503 };
    expect((await control('POST', '/issuers/faults', fault)).status).toBe(201);
    const keys = async () => (await ask('GET', `${at('0.52')}/jwks`)).status;
    expect([await keys(), await keys()]).toEqual([503, 200]);
    const file = path.join(folder, 'secrets', 'issuer-a', 'meo-wifi');
    const former = await readFile(file, 'utf8');
    expect((await control('POST', '/issuers/issuer-a/clients/meo-wifi/secret')).status).toBe(204);
    expect(await readFile(file, 'utf8')).not.toBe(former);
  });

  it('is founded: one instance in the cloud, which is the authority, and to which the name leads', async () => {
    const { body: instances } = await ask<object[]>('GET', `${at('4.1')}/cloud/v1/instances`);
    expect(instances).toMatchObject([{ state: 'running', endpoint: { host: `127.${NET}.41.1`, port: 7000 } }]);
    const { body: state } = await ask('GET', `http://127.${NET}.41.1:7001/relocation/v1/state?users=*`);
    expect(state).toMatchObject({ role: 'authority' });
    const { body: held } = await ask('GET', `${at('2.11')}/rni/v2/subscriptions`);
    expect(held).toMatchObject({ _links: { subscription: [{}, {}, {}] } });
    const { body: resolved } = await ask('GET', `${at('2.90')}/vantage/v1/resolve?name=counter.edge.example`);
    expect(resolved).toMatchObject({ answers: [{ address: `127.${NET}.41.1` }] });
    const { body: packages } = await ask('GET', `${at('2.1')}/app_pkgm/v1/app_packages`);
    expect(packages).toEqual([]);
  });

  it('orders faults, and tells what its peers were asked', async () => {
    const operation = 'GET /cloud/v1/instances';
    const order = { peer: 'cloud-manager', operation, nth: 1, times: 1, kind: 'status', status: 503 };
    expect((await control('POST', '/faults', order)).status).toBe(201);
    expect((await ask('GET', `${at('4.1')}/cloud/v1/instances`)).status).toBe(503);
    expect((await control<object[]>('GET', '/faults')).body).toMatchObject([{ ...order, fired: 1 }]);
    const { body: log } = await control<{ peer: string; fault: string | null }[]>('GET', '/log?since=0');
    const ofIt = log.filter(({ peer }) => peer === 'cloud-manager'); // applications tell their platforms when they are there
    expect(ofIt.at(-1)).toMatchObject({ method: 'GET', status: 503, fault: 'status' });
    expect((await control('DELETE', '/faults')).status).toBeLessThan(300);
  });

  it('makes its peers odd, and full of what others have, and well again', async () => {
    const { status, body } = await control<{ peer: string }[]>('POST', '/quirks', { peer: '*', quirk: 'harmless' });
    expect([status, new Set(body.map(({ peer }) => peer)).size]).toEqual([201, 10]);
    const unable = { peer: 'vantage-wifi', quirk: 'gzip' };
    expect((await control('POST', '/quirks', unable)).status).toBe(400);
    expect((await control('POST', '/foreign', { peer: 'oss', orders: 500 })).status).toBe(201);
    expect((await control('GET', '/foreign')).body).toEqual([{ peer: 'oss', orders: 500 }]);
    expect((await control('DELETE', '/quirks')).status).toBe(204);
    expect((await control('GET', '/quirks')).body).toEqual([]);
    const orders = `${at('1.1')}/tmf-api/serviceOrdering/v4/serviceOrder`;
    expect((await ask<object[]>('GET', orders)).body).toHaveLength(500);
    expect((await control('DELETE', '/foreign')).status).toBe(204);
    expect((await ask<object[]>('GET', orders)).body).toEqual([]);
  });

  it('starts devices that find the application by its name, and measures them', async () => {
    expect((await control('POST', '/devices/fleet', { devices: 3, rate: 20, giveUpMs: 10_000 })).status).toBe(201);
    expect((await control('POST', '/devices/windows', { name: 'w' })).status).toBe(201);
    await eventually(
      async () => await ask<{ clients: number }>('GET', `http://127.${NET}.41.1:7001/relocation/v1/state?users=*`),
      ({ body }) => body.clients === 3,
    );
    const { body } = await control('DELETE', '/devices/windows/w');
    expect(body).toMatchObject({ name: 'w', total: { lost: 0, stale: 0, doubled: 0 } });
    expect((await control('DELETE', '/devices/fleet')).status).toBe(204);
  });

  it('ends with all its processes within two seconds of SIGTERM', async () => {
    const { body: processes } = await control<Processes>('GET', '/processes');
    expect(processes.map(({ name }) => name)).toEqual([
      'control',
      'network',
      'devices',
      'peers',
      'issuers',
      'assistant',
      'counter-0',
    ]);
    expect(processes.every(isAlive)).toBe(true);
    const asked = Date.now();
    world.process.kill('SIGTERM');
    expect(await once(world.process, 'exit')).toEqual([0, null]);
    expect(Date.now() - asked).toBeLessThan(2_000 * busy());
    await eventually(
      () => processes.filter(isAlive),
      (alive) => alive.length === 0,
    );
  });
});

describe('a world that is killed', () => {
  it('leaves no process behind', { timeout: START_LIMIT_MS }, async () => {
    const world = await begin();
    const { body: processes } = await ask<Processes>('GET', `${world.ready.control}/sandbox/processes`);
    expect(processes).toHaveLength(7);
    world.process.kill('SIGKILL');
    await eventually(
      () => processes.filter(isAlive),
      (alive) => alive.length === 0,
    );
  });
});
