import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Application } from '../../activities/ports.ts';
import { mec010Instances } from '../../adapters/mec010-2/instances.ts';
import { counter } from '../support/counter.ts';
import { PlayedMeo } from '../support/played-meo.ts';
import { quickWait } from '../support/wait.ts';

const key = 'fabcdefghijklmnopqrstuvwxy';
const application: Application = { ...counter, appDId: 'counter-1' };
const soon = (): AbortSignal => AbortSignal.timeout(5_000);
const created = 'POST /app_lcm/v1/app_instances';
const lcm = (call: string): RegExp => new RegExp(`^POST .*/${call}$`);

let meo: PlayedMeo;
beforeEach(async () => {
  meo = await PlayedMeo.open();
});
afterEach(async () => await meo.server.close());

const instances = (place = {}) =>
  mec010Instances(meo.server.exchange, { host: 'a1', addresses: '10.2.0.0/16', ...place });

describe('instantiating', () => {
  it('creates under the key, places it on the host, and tells the endpoint when it is started', async () => {
    const wait = quickWait();
    const instance = await instances({ country: 'DE' }).instantiate(application, key, wait);
    expect(instance).toEqual({ id: 'i1', name: key, state: 'started', endpoint: { host: '10.2.1.7', port: 7000 } });
    expect(meo.server.heard.find(({ path }) => path.endsWith('/instantiate'))?.json).toEqual({
      selectedMECHostInfo: [{ hostId: { id: 'a1' }, hostName: 'a1' }],
      locationConstraints: { countryCode: 'DE' },
    });
    expect(wait.told).toContain('operation o2 (INSTANTIATE) is PROCESSING');
  });

  it.each(['reset', 'silence', 504] as const)(
    'makes one instance though the answer to its creation is lost (%s)',
    async (as) => {
      meo.server.loseAnswer(created, as);
      await expect(instances().instantiate(application, key, quickWait())).rejects.toMatchObject({
        type: 'PeerUnavailable',
      });
      expect((await instances().instantiate(application, key, quickWait())).id).toBe('i1');
      expect(meo.instances).toHaveLength(1);
      expect(meo.server.count(created)).toBe(1);
    },
  );

  it.each(['reset', 'silence', 504] as const)('joins the operation whose answer was lost (%s)', async (as) => {
    meo.server.loseAnswer(lcm('instantiate'), as);
    await expect(instances().instantiate(application, key, quickWait())).rejects.toMatchObject({
      type: 'PeerUnavailable',
    });
    expect((await instances().instantiate(application, key, quickWait())).state).toBe('started');
    expect(meo.server.count(lcm('instantiate'))).toBe(1);
  });

  it('finds the open operation at a peer that leaves links out of its list, and beyond the first page', async () => {
    meo.links = false;
    meo.page = 1;
    const others = [meo.add('x'), meo.add('y')];
    for (const other of others) meo.begin(other, 'INSTANTIATE');
    meo.begin(meo.add(key), 'INSTANTIATE', () => void (meo.instances[2]!.state = 'STARTED'));
    meo.instances[2]!.host = 'a1';
    await instances().instantiate(application, key, quickWait());
    expect(meo.server.count(lcm('instantiate'))).toBe(0);
  });

  it('adopts its own instance only, at a peer that ignores filters', async () => {
    meo.filters = false;
    meo.add('somebody else', 'STARTED');
    expect((await instances().instantiate(application, key, quickWait())).name).toBe(key);
  });

  it('adopts the one that is further along of two under its key, and removes the other', async () => {
    const late = meo.add(key);
    const first = meo.add(key, 'STARTED');
    expect((await instances().instantiate(application, key, quickWait())).id).toBe(first.id);
    expect(meo.instances.map(({ id }) => id)).not.toContain(late.id);
  });

  it('retries once what may be cured', async () => {
    meo.endings.push('FAILED_TEMP', 'COMPLETED');
    expect((await instances().instantiate(application, key, quickWait())).state).toBe('started');
    expect(meo.server.count(lcm('retry'))).toBe(1);
  });

  it('closes the operation that a retry did not cure', async () => {
    meo.endings.push('FAILED_TEMP', 'FAILED_TEMP');
    await expect(instances().instantiate(application, key, quickWait())).rejects.toMatchObject({
      type: 'LcmOperationFailed',
      message: 'operation o2 (INSTANTIATE) is FAILED_TEMP, after a retry as well',
    });
    expect(meo.operations.map(({ state }) => state)).toEqual(['FAILED']);
  });

  it('fails with the operation', async () => {
    meo.endings.push('FAILED');
    await expect(instances().instantiate(application, key, quickWait())).rejects.toMatchObject({
      type: 'LcmOperationFailed',
    });
  });

  it('does not take a completed operation for a started instance', async () => {
    meo.effect = false;
    await expect(instances().instantiate(application, key, quickWait())).rejects.toMatchObject({
      type: 'LcmOperationFailed',
    });
    expect(meo.server.count(lcm('instantiate'))).toBe(1);
  });

  it('removes what was placed on another host', async () => {
    meo.place = () => '10.3.1.7';
    await expect(instances().instantiate(application, key, quickWait())).rejects.toMatchObject({ type: 'WrongHost' });
    expect(meo.instances).toEqual([]);
  });

  it('asks to be tried again while no endpoint is told', async () => {
    meo.place = () => null;
    await expect(instances().instantiate(application, key, quickWait())).rejects.toMatchObject({ type: 'NotYet' });
  });

  it('stops when it is cancelled', async () => {
    meo.endings.push('never');
    await expect(instances().instantiate(application, key, quickWait(100))).rejects.toMatchObject({
      name: expect.stringMatching(/Abort|Timeout/),
    });
  });
});

describe('listing', () => {
  it('tells those of this host, and those that may yet come to it', async () => {
    meo.add('here', 'STARTED');
    meo.add('stopped here', 'STOPPED');
    meo.add('nowhere yet');
    meo.add('another application', 'STARTED', 'other');
    meo.add('elsewhere', 'STARTED').host = 'a2';
    meo.place = (host) => (host === 'a1' ? '10.2.1.7' : '10.3.1.7');
    meo.page = 2;
    const told = await instances().list(application, soon());
    expect(told.map(({ name, state }) => [name, state])).toEqual([
      ['here', 'started'],
      ['stopped here', 'stopped'],
      ['nowhere yet', 'notInstantiated'],
    ]);
  });

  it('refuses a list without an end', async () => {
    meo.add('a', 'STARTED');
    meo.add('b', 'STARTED');
    meo.page = 0;
    await expect(instances().list(application, soon())).rejects.toMatchObject({ type: 'PeerMalformed' });
  });
});

describe('starting and stopping', () => {
  it('brings a stopped instance back', async () => {
    const { id } = meo.add('kept', 'STOPPED');
    expect(await instances().start(id, key, quickWait())).toMatchObject({ id, state: 'started' });
  });

  it('are content with what is already so', async () => {
    const started = meo.add('runs', 'STARTED');
    const stopped = meo.add('stopped', 'STOPPED');
    await instances().start(started.id, key, quickWait());
    await instances().stop(stopped.id, key, quickWait());
    await instances().stop('unknown', key, quickWait());
    expect(meo.server.count(lcm('operate'))).toBe(0);
  });

  it('stop an instance gracefully', async () => {
    const instance = meo.add('runs', 'STARTED');
    await instances().stop(instance.id, key, quickWait());
    expect(instance.state).toBe('STOPPED');
    expect(meo.server.heard.find(({ path }) => path.endsWith('/operate'))?.json).toEqual({
      changeStateTo: 'STOPPED',
      stopType: 'GRACEFUL',
      gracefulStopTimeout: 5,
    });
  });
});

describe('removing', () => {
  it('terminates and deletes', async () => {
    const { id } = meo.add('runs', 'STARTED');
    await instances().remove(id, key, quickWait());
    expect(meo.instances).toEqual([]);
  });

  it('is content when there is nothing', async () => {
    await instances().remove('unknown', key, quickWait());
    expect(meo.server.heard.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('is content when somebody else deletes it meanwhile, but not when it stays', async () => {
    const { id } = meo.add('runs');
    const refusing = (status: number) => (meo.instead = ({ method }) => (method === 'DELETE' ? { status } : undefined));
    refusing(404);
    await instances().remove(id, key, quickWait());
    refusing(409);
    await expect(instances().remove(id, key, quickWait())).rejects.toMatchObject({
      type: 'Conflict',
      nonRetryable: false,
    });
  });

  it('finds what a lost answer created, by the key', async () => {
    meo.add(key);
    meo.add(key, 'STARTED');
    meo.add('somebody else', 'STARTED');
    await instances().remove('unknown', key, quickWait());
    expect(meo.instances.map(({ name }) => name)).toEqual(['somebody else']);
  });

  it('cancels what goes on and would never end', async () => {
    meo.endings.push('never');
    const instance = meo.add(key);
    meo.begin(instance, 'INSTANTIATE').state = 'PROCESSING';
    await instances().remove(instance.id, key, quickWait());
    expect(meo.server.heard.find(({ path }) => path.endsWith('/cancel'))?.json).toEqual({ CancelMode: 'FORCED' });
    expect(meo.instances).toEqual([]);
  });

  it('waits for the end of an operation at a peer that knows no cancel', async () => {
    meo.version3 = false;
    meo.endings.push('never');
    const instance = meo.add(key);
    const operation = meo.begin(instance, 'INSTANTIATE', () => void (instance.state = 'STARTED'));
    operation.state = 'PROCESSING';
    const wait = quickWait();
    const removed = instances().remove(instance.id, key, wait);
    await expect.poll(() => meo.server.count(lcm('cancel'))).toBe(1);
    operation.state = 'COMPLETED';
    operation.apply();
    await removed;
    expect(meo.instances).toEqual([]);
  });

  it.each(['reset', 'silence', 504] as const)('is complete after an answer was lost (%s)', async (as) => {
    const { id } = meo.add('runs', 'STARTED');
    meo.server.loseAnswer(lcm('terminate'), as);
    await expect(instances().remove(id, key, quickWait())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    meo.server.loseAnswer(/^DELETE /, as);
    await expect(instances().remove(id, key, quickWait())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    await instances().remove(id, key, quickWait());
    expect(meo.instances).toEqual([]);
    expect(meo.server.count(lcm('terminate'))).toBe(1);
  });
});
