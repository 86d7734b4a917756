import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../domain/relocation.ts';
import { ask } from '../support/asking.ts';
import { eventually } from '../support/eventually.ts';
import { claimNetwork } from '../support/network.ts';
import { hold, processOf, worldOf } from '../support/sight.ts';
import { Stage } from '../support/stage.ts';

/** What becomes of users who say nothing while others are moved around them, and of the instances between. */
const { net: NETWORK } = await claimNetwork();
const CLOUD = `127.${NETWORK}.41.1`;
const MEO = `http://127.${NETWORK}.2.1:8080/app_lcm/v1/app_instances`;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set(NETWORK);
});
afterEach(async () => await stage.clearFaults());
afterAll(async () => await stage?.strike());

interface Shown {
  readonly id: string;
  readonly communicationInterface?: { readonly ipAddresses: readonly { readonly host: string }[] };
}

const hosts = async (third: number): Promise<string[]> =>
  (await ask<Shown[]>('GET', MEO)).body
    .map(({ communicationInterface }) => communicationInterface?.ipAddresses[0]?.host ?? '')
    .filter((host) => host.startsWith(`127.${NETWORK}.${third}.`));
const atA1 = async (): Promise<string[]> => await hosts(21);
const atA2 = async (): Promise<string[]> => await hosts(22);

const move = async (source: string, target: string, users = '*'): Promise<void> =>
  await expect(stage.relocate(source, target, { users })).resolves.toMatchObject({
    outcome: 'relocated',
    leftovers: [],
  });

/** As a client does who has this address. */
async function write(host: string, user: string, number: number): Promise<void> {
  expect((await ask('POST', `http://${host}:7000/users/${user}/writes`, { number })).status).toBe(200);
}
const counted = async (host: string, user: string): Promise<unknown> => {
  const { status, body } = await ask<{ counter: number }>('GET', `http://${host}:7000/users/${user}`);
  return status === 200 ? body.counter : status;
};

/** Somebody else has an instance made there. */
async function another(site: 'a1' | 'a2'): Promise<{ id: string; host: string }> {
  const there = site === 'a1' ? atA1 : atA2;
  const before = await there();
  const named = { appDId: 'counter.edge.example-1', appInstanceName: `of-somebody-else-at-${site}` };
  const { id } = (await ask<{ id: string }>('POST', MEO, named)).body;
  const place = { selectedMECHostInfo: [{ hostId: { id: site } }] };
  expect((await ask('POST', `${MEO}/${id}/instantiate`, place)).status).toBe(202);
  await eventually(async () => (await there()).length > before.length);
  return { id, host: (await there()).find((host) => !before.includes(host)) ?? '' };
}

/** Every address that traffic is led away from, by whatever rule that is active. */
const led = async (): Promise<string[]> => {
  const { networks } = (await worldOf(stage)).network as unknown as {
    networks: Record<string, { rules: { traffic: { destinations: string[] }[] } }>;
  };
  const all = Object.values(networks).flatMap(({ rules }) => rules.traffic.flatMap((rule) => rule.destinations));
  return [...new Set(all)].toSorted();
};

describe('among platforms that lead names alone', () => {
  it('all are moved: who keeps the address is relayed until he looks for the name', async () => {
    await stage.sandbox('/quirks', 'POST', { peer: '*', quirk: 'noTrafficRules' });
    await write(CLOUD, 'ue-8', 1);
    const { id } = await stage.begin('cloud', 'a1', { cutOver: { approval: true } });
    await stage.reaches(id, ['held']);
    expect((await stage.post(`/v1/relocations/${id}/approve`)).status).toBe(200);
    await eventually(async () => (await stage.show(id)).step === 'drain', 60_000);
    await write(CLOUD, 'ue-8', 2);
    const [host = ''] = await atA1();
    expect(await counted(host, 'ue-8')).toBe(2);
    await expect(stage.ends(id)).resolves.toMatchObject({ outcome: 'relocated', leftovers: [] });
    await move('a1', 'cloud');
    expect(await counted(CLOUD, 'ue-8')).toBe(2);
    await stage.sandbox('/quirks', 'DELETE');
  });
});

describe('a silent user', () => {
  it('is served by whomever he asks, after the instances between were retired', async () => {
    await write(CLOUD, 'ue-9', 1);
    await move('cloud', 'a1', 'ue-9');
    await move('cloud', 'a1', 'ue-1');
    const [between = ''] = await atA1();
    await move('a1', 'a2', 'ue-1');
    expect(await atA1()).toEqual([between]); // he is there yet
    await move('a1', 'a2', 'ue-9');
    expect(await atA1()).toEqual([]);
    expect(await counted(CLOUD, 'ue-9')).toBe(1);
    await write(CLOUD, 'ue-9', 2);
    expect(await counted((await atA2())[0] ?? '', 'ue-9')).toBe(2);
  });

  it('leaves no address behind that leads anywhere, however often he moves', async () => {
    for (const [source, target] of [
      ['a2', 'a1'],
      ['a1', 'a2'],
      ['a2', 'a1'],
      ['a1', 'a2'],
    ] as const) {
      await move(source, target, 'ue-9');
      const living = [CLOUD, ...(await atA1()), ...(await atA2())];
      expect((await led()).filter((address) => !living.includes(address))).toEqual([]);
    }
    expect(await counted(CLOUD, 'ue-9')).toBe(2);
  });

  it('leaves none behind either where those whom he was with went elsewhere', async () => {
    await move('a2', 'a1', 'ue-1');
    await move('a2', 'a1', 'ue-9');
    await move('a1', 'a2', 'ue-1');
    await move('a1', 'w1', 'ue-9');
    const living = [CLOUD, ...(await atA2()), ...(await hosts(31))];
    expect(await atA1()).toEqual([]);
    expect((await led()).filter((address) => !living.includes(address))).toEqual([]);
    expect(await counted(CLOUD, 'ue-9')).toBe(2);
    await move('w1', 'a2', 'ue-9');
  });
});

describe('an instance that is being taken away', () => {
  it('takes nobody with it who is brought to its site meanwhile', async () => {
    await move('a2', 'a1', 'ue-1');
    const [leaving = ''] = await atA1();
    await write(CLOUD, 'ue-2', 1);
    const operation = 'POST /app_lcm/v1/app_instances/*/terminate';
    const termination = await hold(stage, { peer: 'meo-cellular', operation, when: 'before' });
    const { id } = await stage.begin('a1', 'a2', { users: 'ue-1' });
    await termination.held();
    await move('cloud', 'a1', 'ue-2');
    const [host = ''] = (await atA1()).filter((other) => other !== leaving);
    await write(host, 'ue-2', 2);
    await termination.release();
    await expect(stage.ends(id)).resolves.toMatchObject({ outcome: 'relocated', leftovers: [] });
    expect(await atA1()).toEqual([host]);
    expect(await counted(host, 'ue-2')).toBe(2);
    expect(await counted(CLOUD, 'ue-2')).toBe(2);
  });
});

describe('an instance that hangs beside the source', () => {
  it('stops nobody who is to be moved from there', async () => {
    const { id, host } = await another('a2');
    await eventually(async () => (await counted(host, 'ue-5')) === 503);
    const hung = await processOf(stage, id);
    process.kill(hung, 'SIGSTOP');
    try {
      await move('a2', 'w1', 'ue-1');
    } finally {
      process.kill(hung, 'SIGCONT');
    }
    expect(await atA2()).toContain(host);
  });
});

describe('two instances of a site that both say that they serve everybody', () => {
  it('are told by the plan and refused by the relocation', async () => {
    await move('a1', 'w1', 'ue-2');
    await move('cloud', 'a1');
    const { host: second } = await another('a1');
    await eventually(async () => (await counted(second, 'ue-5')) === 503);
    await ask('POST', `http://${second}:7001/provider/found`, {});
    const plan = await stage.post('/v1/plans', {
      application: 'counter',
      source: 'a1',
      target: 'a2',
    });
    const { possible, obstacles } = (await plan.json()) as Plan;
    expect(possible).toBe(false);
    expect(obstacles).toMatchObject([{ failure: 'AuthoritySplit', where: 'a1' }]);
    await expect(stage.relocate('a1', 'a2')).resolves.toMatchObject({
      outcome: 'refused',
      failure: { type: 'AuthoritySplit', step: 'check' },
    });
  });
});
