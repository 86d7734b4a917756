import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../sandbox/packages.ts';
import { runningInstances } from '../../sandbox/runner.ts';
import { ask, eventually } from '../support/asking.ts';
import { type AppInstance, type MecSystem, mecSystem, type OpOcc } from '../support/mec-system.ts';
import { claimNetwork } from '../support/network.ts';
import { archiveOf, descriptor, smallApplication } from '../support/small-application.ts';

const { net: NET } = await claimNetwork();

let system: MecSystem;

beforeEach(async () => {
  system = await mecSystem({
    name: 'cellular',
    meo: `127.${NET}.2.1`,
    hosts: [
      { id: 'a1', address: `127.${NET}.2.11`, instances: `127.${NET}.21`, etag: 'version' },
      { id: 'a2', address: `127.${NET}.2.12`, instances: `127.${NET}.22`, etag: 'content' },
    ],
  });
});
afterEach(async () => await system.close());

const packageState = async (url: string) => (await ask<Record<string, unknown>>('GET', url)).body;
/** The tasks that an instance offers now. */
const tasks = async (id: string) => {
  const { _links: links } = await system.instance(id);
  return Object.keys(links).filter((link) => link !== 'self');
};
const list = async (query: string) => (await ask<AppInstance[]>('GET', `${system.lcm}/app_instances${query}`)).body;

describe('packages of a MEO', () => {
  it('are CREATED, then ONBOARDED and ENABLED when the archive is what it should be', async () => {
    const url = await system.createPackage();
    expect(await packageState(url)).toMatchObject({ onboardingState: 'CREATED', operationalState: 'DISABLED' });
    expect((await system.putContent(url, smallApplication())).status).toBe(202);
    await eventually(
      async () => await packageState(url),
      ({ onboardingState }) => onboardingState === 'ONBOARDED',
    );
    expect(await packageState(url)).toMatchObject({
      appDId: descriptor.appDId,
      operationalState: 'ENABLED',
      usageState: 'NOT_IN_USE',
      userDefinedData: { ferryKey: 'k1' },
    });
    const content = await fetch(`${url}/package_content`, { headers: { connection: 'close' } });
    expect(Buffer.from(await content.arrayBuffer()).equals(smallApplication())).toBe(true);
  });

  it('go back to CREATED and say why when the archive is another one', async () => {
    const url = await system.createPackage();
    await system.putContent(url, archiveOf('something else'));
    await eventually(
      async () => await packageState(url),
      ({ onboardingFailureDetails }) => onboardingFailureDetails !== undefined,
    );
    expect(await packageState(url)).toMatchObject({ onboardingState: 'CREATED', operationalState: 'DISABLED' });
  });

  it('are listed without their checksum unless all fields are asked for, and found by their descriptor', async () => {
    await system.onboard();
    const all = `${system.meo}/app_pkgm/v1/app_packages`;
    const { body } = await ask<object[]>('GET', `${all}?filter=(eq,appDId,${descriptor.appDId})`);
    expect(body).toHaveLength(1);
    expect(body[0]).not.toHaveProperty('checksum');
    expect((await ask<object[]>('GET', `${all}?all_fields`)).body[0]).toHaveProperty('checksum.hash');
    expect((await ask<object[]>('GET', `${all}?filter=(eq,appDId,other)`)).body).toEqual([]);
  });

  it('are not deleted while an instance is made of them', async () => {
    const url = await system.onboard();
    const id = await system.createInstance();
    expect((await ask('DELETE', url)).status).toBe(409);
    await ask('DELETE', `${system.lcm}/app_instances/${id}`);
    expect((await ask('DELETE', url)).status).toBe(204);
  });

  it('stay in progress for ever when told to', async () => {
    system.fault('PUT /app_pkgm/v1/app_packages/*/package_content', { kind: 'neverFinishes' });
    const url = await system.createPackage();
    await system.putContent(url, smallApplication());
    await eventually(
      async () => await packageState(url),
      ({ onboardingState }) => onboardingState === 'PROCESSING',
    );
    expect((await system.putContent(url, smallApplication())).status).toBe(409);
  });
});

describe('instances of a MEO', () => {
  beforeEach(async () => void (await system.onboard()));

  it('become real processes on the host that was chosen, and leave nothing when they are terminated', async () => {
    const before = system.state();
    const id = await system.createInstance();
    expect(await system.instance(id)).toMatchObject({ instantiationState: 'NOT_INSTANTIATED', appInstanceName: 'one' });
    const accepted = await system.instantiate(id, 'a2');
    expect([accepted.status, accepted.body]).toEqual([202, undefined]);
    expect(await system.reaches(accepted, 'COMPLETED')).toMatchObject({
      lcmOperation: 'INSTANTIATE',
      isCancelPending: false,
      _links: { appInstance: { href: `${system.lcm}/app_instances/${id}` } },
    });

    const instance = await system.instance(id);
    expect(instance.instantiatedAppState).toEqual({ operationalState: 'STARTED' });
    const [endpoint] = instance.communicationInterface?.ipAddresses ?? [];
    expect(endpoint).toEqual({
      host: expect.stringMatching(new RegExp(`^127\\.${NET}\\.22\\.`)) as string,
      port: 7000,
    });
    const { body } = await ask('GET', `http://${endpoint?.host}:7000/`);
    expect(body).toMatchObject({ INSTANCE_ID: id });

    await system.reaches(await system.terminate(id), 'COMPLETED');
    await expect(ask('GET', `http://${endpoint?.host}:7000/`)).rejects.toThrow('fetch failed');
    expect((await ask('DELETE', `${system.lcm}/app_instances/${id}`)).status).toBe(204);
    expect(system.state()).toEqual(before);
    expect(runningInstances()).toEqual([]);
  });

  it('offer only the tasks that their state allows, and refuse the others with 409', async () => {
    const id = await system.createInstance();
    expect(await tasks(id)).toEqual(['instantiate']);
    expect((await system.terminate(id)).status).toBe(409);
    expect((await system.task(id, 'operate', { changeStateTo: 'STARTED' })).status).toBe(409);
    await system.reaches(await system.instantiate(id, 'a1'), 'COMPLETED');
    expect(await tasks(id)).toEqual(['terminate', 'operate']);
    expect((await system.instantiate(id, 'a1')).status).toBe(409);
    expect((await ask('DELETE', `${system.lcm}/app_instances/${id}`)).status).toBe(409);
  });

  it('are stopped and started again on the same address', async () => {
    const { id, address } = await system.started('a1');
    const stop = { changeStateTo: 'STOPPED', stopType: 'GRACEFUL', gracefulStopTimeout: 5 };
    await system.reaches(await system.task(id, 'operate', stop), 'COMPLETED');
    expect(await system.instance(id)).toMatchObject({ instantiatedAppState: { operationalState: 'STOPPED' } });
    await expect(ask('GET', `http://${address}:7000/`)).rejects.toThrow('fetch failed');
    await system.reaches(await system.task(id, 'operate', { changeStateTo: 'STARTED' }), 'COMPLETED');
    expect((await ask('GET', `http://${address}:7000/`)).body).toMatchObject({ INSTANCE_ID: id });
  });

  it('are STOPPED when their process ends by itself', async () => {
    const { id } = await system.started('a1');
    const pid = runningInstances().find(({ name }) => name === id)?.pid;
    expect(pid).toBeDefined();
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    await eventually(
      async () => await system.instance(id),
      ({ instantiatedAppState }) => instantiatedAppState?.operationalState === 'STOPPED',
    );
  });

  it('are refused by a host that is full, and by one that is not there', async () => {
    await system.started('a1');
    const second = await system.createInstance('two');
    const refused = await system.instantiate(second, 'a1');
    expect([refused.status, refused.body]).toEqual([409, expect.objectContaining({ detail: 'host a1 is full' })]);
    expect((await system.instantiate(second, 'w1')).status).toBe(400);
  });

  it('are found by a name that needs escaping', async () => {
    const name = "it's (one), two;";
    const id = await system.createInstance(name);
    await system.createInstance('other');
    const filter = encodeURIComponent(`(eq,appInstanceName,'it''s (one), two;')`);
    expect((await list(`?filter=${filter}`)).map((instance) => instance.id)).toEqual([id]);
    expect(
      await list('?filter=(eq,instantiationState,NOT_INSTANTIATED);(cont,appInstanceName,oth,nothing)'),
    ).toHaveLength(1);
    expect((await ask('GET', `${system.lcm}/app_instances?filter=(like,id,x)`)).status).toBe(400);
  });

  it('are listed without the links of tasks unless all fields are asked for', async () => {
    await system.createInstance();
    expect((await list(''))[0]).not.toHaveProperty('_links.instantiate');
    expect((await list('?all_fields'))[0]).toHaveProperty('_links.instantiate');
  });

  it('are answered as created, and are not there, when that has no effect', async () => {
    system.fault('POST /app_lcm/v1/app_instances', { kind: 'noEffect' });
    const id = await system.createInstance();
    expect(id).toMatch(/[0-9a-f-]{36}/);
    expect(await list('')).toEqual([]);
  });

  it('are there when the answer to their creation was lost', async () => {
    system.fault('POST /app_lcm/v1/app_instances', { kind: 'answerLost', as: 'reset', times: 1 });
    await expect(system.createInstance('lost')).rejects.toThrow('fetch failed');
    expect(await list('?filter=(eq,appInstanceName,lost)')).toHaveLength(1);
  });
});

describe('operations of a MEO', () => {
  let id: string;
  const post = async (accepted: { headers: Headers }, task: string, body?: unknown) =>
    await ask<OpOcc>('POST', `${accepted.headers.get('location')}/${task}`, body);

  beforeEach(async () => {
    await system.onboard();
    id = await system.createInstance();
  });

  it('are one at a time for each instance', async () => {
    const accepted = await system.instantiate(id, 'a1');
    expect((await system.instantiate(id, 'a1')).status).toBe(409);
    expect((await ask('DELETE', `${system.lcm}/app_instances/${id}`)).status).toBe(409);
    await system.reaches(accepted, 'COMPLETED');
  });

  it('in FAILED_TEMP stay open until a retry cures them', async () => {
    system.fault('POST /app_lcm/v1/app_instances/*/instantiate', { kind: 'failedTemp', recovers: true });
    const accepted = await system.instantiate(id, 'a1');
    await system.reaches(accepted, 'FAILED_TEMP');
    expect(await system.instance(id)).toMatchObject({ instantiationState: 'NOT_INSTANTIATED' });
    expect((await system.instantiate(id, 'a1')).status).toBe(409);
    expect((await post(accepted, 'cancel', { CancelMode: 'FORCED' })).status).toBe(409);
    expect((await post(accepted, 'retry')).status).toBe(202);
    await system.reaches(accepted, 'COMPLETED');
    expect((await post(accepted, 'retry')).status).toBe(409);
  });

  it('in FAILED_TEMP that no retry cures are closed by fail, and the place on the host is free again', async () => {
    system.fault('POST /app_lcm/v1/app_instances/*/instantiate', { kind: 'failedTemp', recovers: false, times: 1 });
    const accepted = await system.instantiate(id, 'a1');
    await system.reaches(accepted, 'FAILED_TEMP');
    await post(accepted, 'retry');
    await system.reaches(accepted, 'FAILED_TEMP');
    const failed = await post(accepted, 'fail');
    expect([failed.status, failed.body.operationState]).toEqual([200, 'FAILED']);
    await system.reaches(await system.instantiate(id, 'a1'), 'COMPLETED');
  });

  it('that never finish can be cancelled, and are FAILED_TEMP then', async () => {
    system.fault('POST /app_lcm/v1/app_instances/*/instantiate', { kind: 'neverFinishes' });
    const accepted = await system.instantiate(id, 'a1');
    await system.reaches(accepted, 'PROCESSING');
    expect((await post(accepted, 'fail')).status).toBe(409);
    expect((await post(accepted, 'cancel', { CancelMode: 'GRACEFUL' })).status).toBe(202);
    await system.reaches(accepted, 'FAILED_TEMP');
    await post(accepted, 'fail');
    expect((await ask('DELETE', `${system.lcm}/app_instances/${id}`)).status).toBe(204);
  });

  it('are COMPLETED and have done nothing when that is ordered', async () => {
    system.fault('POST /app_lcm/v1/app_instances/*/instantiate', { kind: 'noEffect', times: 1 });
    await system.reaches(await system.instantiate(id, 'a1'), 'COMPLETED');
    expect(await system.instance(id)).toMatchObject({ instantiationState: 'NOT_INSTANTIATED' });
  });

  it('end in FAILED when the process does not start, and leave nothing behind', async () => {
    await ask('DELETE', `${system.lcm}/app_instances/${id}`);
    const before = system.state();
    const broken = archiveOf('process.exit(3)');
    await ask('DELETE', `${system.meo}/app_pkgm/v1/onboarded_app_packages/${descriptor.appDId}`);
    const url = await system.createPackage(sha256(broken));
    await system.putContent(url, broken);
    await eventually(
      async () => await packageState(url),
      ({ onboardingState }) => onboardingState === 'ONBOARDED',
    );
    id = await system.createInstance();
    await system.reaches(await system.instantiate(id, 'a1'), 'FAILED');
    expect(await system.instance(id)).toMatchObject({ instantiationState: 'NOT_INSTANTIATED' });
    await ask('DELETE', `${system.lcm}/app_instances/${id}`);
    const platforms = (state: typeof before) => state.filter(([name]) => String(name).startsWith('platform'));
    expect(platforms(system.state())).toEqual(platforms(before));
  });

  it('name their instance in every list', async () => {
    await system.reaches(await system.instantiate(id, 'a1'), 'COMPLETED');
    const { body } = await ask<OpOcc[]>('GET', `${system.lcm}/app_lcm_op_occs`);
    expect(body.map(({ _links }) => _links.appInstance.href)).toEqual([`${system.lcm}/app_instances/${id}`]);
    expect(body[0]).not.toHaveProperty('operationParams');
  });
});
