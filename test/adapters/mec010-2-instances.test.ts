import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Application, Wait } from '../../activities/ports.ts';
import { mec010Instances } from '../../adapters/mec010-2/instances.ts';
import { counter } from '../support/counter.ts';
import type { Reply } from '../support/faulty-server.ts';
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

  it('takes one that a list shows twice for one', async () => {
    const ours = meo.add(key, 'STARTED');
    meo.add('somebody else');
    meo.oddInstances.push(meo.infoOf(ours)); // the list grew between two of its parts
    expect(await instances().list(application, soon())).toMatchObject([{ id: ours.id }, { name: 'somebody else' }]);
    expect((await instances().instantiate(application, key, quickWait())).id).toBe(ours.id);
    expect(meo.server.count(/^(POST|DELETE)/)).toBe(0);
    expect(ours.state).toBe('STARTED');
  });

  it('retries once what may be cured', async () => {
    meo.endings.push('FAILED_TEMP', 'COMPLETED');
    expect((await instances().instantiate(application, key, quickWait())).state).toBe('started');
    expect(meo.server.count(lcm('retry'))).toBe(1);
  });

  it('gives a retry time to show: right after it the operation may be told as it was', async () => {
    meo.endings.push('FAILED_TEMP', 'COMPLETED');
    let late = 0;
    meo.instead = ({ method, path }) => {
      const [operation] = meo.operations;
      if (path.endsWith('/retry')) late = 3;
      if (method !== 'GET' || !path.endsWith(`/${operation?.id}`) || operation === undefined) return undefined;
      return (late -= 1) >= 0
        ? { status: 200, json: { ...meo.occurrenceOf(operation), operationState: 'FAILED_TEMP' } }
        : undefined;
    };
    expect((await instances().instantiate(application, key, quickWait())).state).toBe('started');
    expect(meo.server.count(lcm('retry'))).toBe(1);
    expect(meo.server.count(lcm('fail'))).toBe(0);
  });

  it('closes an operation that a retry never changed', async () => {
    meo.endings.push('FAILED_TEMP');
    meo.instead = ({ path }) => (path.endsWith('/retry') ? { status: 202 } : undefined);
    await expect(instances().instantiate(application, key, quickWait())).rejects.toMatchObject({
      type: 'LcmOperationFailed',
    });
    expect(meo.operations.map(({ state }) => state)).toEqual(['FAILED']);
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

  it.each([
    ['is cancelled', true, 'STARTED'],
    ['is waited for where it cannot be (V2.1.1)', false, 'STOPPED'],
  ])('what goes on still %s when it is withdrawn', async (_, version3, state) => {
    const instance = meo.add('runs', 'STARTED');
    meo.begin(instance, 'OPERATE', () => (instance.state = 'STOPPED'));
    meo.version3 = version3;
    await instances().withdraw(instance.id, key, quickWait());
    expect(instance.state).toBe(state);
    await expect(instances().isBeingMade(instance.id, soon())).resolves.toBe(false);
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

  it('is content with what is gone, as a MEO says who remembers it (410)', async () => {
    meo.instead = ({ path }) => {
      const [, id] = /\/app_(?:instances|lcm_op_occs)\/(\w+)/.exec(path) ?? [];
      const there = [...meo.instances, ...meo.operations].some((each) => each.id === id);
      return id === undefined || there ? undefined : { status: 410, json: { detail: 'it was here' } };
    };
    const { id } = meo.add(key, 'STARTED');
    await instances().remove('unknown', key, quickWait());
    await instances().remove(id, key, quickWait());
    await instances().remove(id, key, quickWait());
    await instances().stop(id, key, quickWait());
    expect(await instances().stateOf(application, id, soon())).toBe('gone');
    expect(meo.instances).toEqual([]);
  });

  it('tells one of another application from one that is gone, by whatever id', async () => {
    const { id } = meo.add('of a neighbour', 'STARTED', 'neighbour-1');
    expect(await instances().stateOf(application, id, soon())).toBe('another');
    expect(await instances().stateOf(application, 'i77', soon())).toBe('gone');
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
    const wait = quickWait();
    await expect(instances().remove(id, key, wait)).rejects.toMatchObject({
      type: 'Conflict',
      nonRetryable: false,
    });
    // What a step was doing is all that is told of one that is out of time: the peer and the call have to be in it
    expect(wait.told.at(-1)).toMatch(/^instance i\d+ is not deleted yet: .*DELETE \/app_lcm\S+ answered 409/);
  });

  it('tells first of the termination that was refused: what comes after it cannot go well', async () => {
    const { id } = meo.add('runs', 'STARTED');
    meo.instead = ({ method, path }) => {
      if (path.endsWith('/terminate')) return { status: 403, json: { detail: 'not by you' } };
      return method === 'DELETE' ? { status: 409, json: { detail: 'it is INSTANTIATED' } } : undefined;
    };
    const wait = quickWait();
    const told = /POST \S+\/terminate answered 403: not by you; .*DELETE \S+ answered 409: it is INSTANTIATED/;
    await expect(instances().remove(id, key, wait)).rejects.toThrow(told);
    expect(wait.told.at(-1)).toMatch(told);
  });

  it('finds what a lost answer created, by the key', async () => {
    meo.add(key);
    meo.add(key, 'STARTED');
    meo.add('somebody else', 'STARTED');
    await instances().remove(key, key, quickWait());
    expect(meo.instances.map(({ name }) => name)).toEqual(['somebody else']);
  });

  it('removes by its id that one alone, and asks for nothing by the key: others may rely on another that goes by it', async () => {
    const { id } = meo.add(key, 'STARTED');
    const other = meo.add(key, 'STARTED');
    await instances().remove(id, key, quickWait());
    expect(meo.instances).toEqual([other]);
    const at = '/app_lcm/v1';
    expect(meo.server.heard.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `GET ${at}/app_instances/${id}`,
      `GET ${at}/app_lcm_op_occs`,
      `GET ${at}/app_instances/${id}`,
      `POST ${at}/app_instances/${id}/terminate`,
      `GET ${at}/app_lcm_op_occs/o3`,
      `GET ${at}/app_lcm_op_occs/o3`,
      `DELETE ${at}/app_instances/${id}`,
    ]);
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

describe('ending one that nobody hears of', () => {
  const end = async (id: string, wait = quickWait()) => await instances().end(id, key, wait);
  const changes = (): string[] =>
    meo.server.heard.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);
  /** As somebody has done it, or an attempt whose worker died. */
  const done = (id: string, kind: 'INSTANTIATE' | 'TERMINATE'): void => {
    const instance = meo.instances.find((each) => each.id === id);
    Object.assign(meo.begin(instance ?? meo.add('of that id'), kind), { instance: id, state: 'COMPLETED' });
  };

  it.each(['STARTED', 'STOPPED'] as const)(
    'that is %s terminates it, without a farewell, and keeps its record',
    async (as) => {
      const { id } = meo.add('runs', as);
      done(id, 'INSTANTIATE');
      await expect(end(id)).resolves.toBe('operation');
      expect(meo.server.heard.find(({ path }) => path.endsWith('/terminate'))?.json).toEqual({
        terminationType: 'FORCEFUL',
      });
      expect(meo.instances).toMatchObject([{ id, state: 'NOT_INSTANTIATED' }]);
    },
  );

  it('that is written down as not instantiated, by no operation, proves nothing and deletes nothing', async () => {
    const { id } = meo.add('was here');
    done(id, 'INSTANTIATE');
    await expect(end(id)).resolves.toBe('written');
    expect(changes()).toEqual([]);
    await expect(end('i77')).resolves.toBe('written');
  });

  it.each([true, false])('that somebody else has terminated is proof, gone or not (filters: %s)', async (filters) => {
    meo.filters = filters;
    const { id } = meo.add('was here');
    for (const one of [id, 'i77']) {
      done(one, 'INSTANTIATE');
      done(one, 'TERMINATE');
      await expect(end(one)).resolves.toBe('operation');
    }
  });

  it('is no proof where it was started again since, or may have been', async () => {
    const { id } = meo.add('was here');
    done(id, 'TERMINATE');
    done(id, 'INSTANTIATE');
    await expect(end(id)).resolves.toBe('written');
    const other = meo.add('at a MEO without times');
    const untimed = { lcmOperation: 'INSTANTIATE', operationState: 'COMPLETED', appInstanceId: other.id };
    meo.oddOperations.push({ id: 'x1', ...untimed });
    done(other.id, 'TERMINATE');
    await expect(end(other.id)).resolves.toBe('written');
  });

  it('is no proof where it failed, or is of another instance', async () => {
    const { id } = meo.add('was here');
    meo.begin(meo.instances[0]!, 'TERMINATE').state = 'FAILED';
    done('i77', 'TERMINATE');
    await expect(end(id)).resolves.toBe('written');
  });

  it.each(['reset', 'silence', 504] as const)('is found again where its answer was lost (%s)', async (as) => {
    const { id } = meo.add('runs', 'STARTED');
    meo.server.loseAnswer(lcm('terminate'), as);
    await expect(end(id)).rejects.toMatchObject({ type: 'PeerUnavailable' });
    await expect(end(id)).resolves.toBe('operation');
    expect(meo.server.count(lcm('terminate'))).toBe(1);
  });

  it('by an attempt whose worker died is known by its id to the next one, where the MEO keeps no list', async () => {
    const { id } = meo.add('runs', 'STARTED');
    meo.instead = ({ method, path }) =>
      method === 'GET' && path.endsWith('/app_lcm_op_occs') ? { status: 501 } : undefined;
    const kept = new Map<string, string>();
    meo.endings.push('never');
    const [dies, wait] = [new AbortController(), quickWait(undefined, kept)];
    const keep: Wait['keep'] = (name, value) => {
      wait.keep(name, value);
      dies.abort();
    };
    await expect(end(id, { ...wait, signal: dies.signal, keep })).rejects.toThrow(/aborted/i);
    const [begun] = meo.operations;
    Object.assign(begun ?? {}, { state: 'COMPLETED' });
    begun?.apply();
    await expect(end(id, quickWait(undefined, kept))).resolves.toBe('operation');
    await expect(end(id)).resolves.toBe('written');
    expect(meo.server.count(lcm('terminate'))).toBe(1);
  });

  it('fails where the MEO cannot, and says so where it refuses', async () => {
    const { id } = meo.add('runs', 'STARTED');
    meo.endings.push('FAILED');
    await expect(end(id)).rejects.toMatchObject({ type: 'LcmOperationFailed' });
    meo.instead = ({ path }) =>
      path.endsWith('/terminate') ? { status: 409, json: { detail: 'not now' } } : undefined;
    await expect(end(id)).rejects.toMatchObject({ type: 'Conflict', message: expect.stringMatching(/not now/) });
  });
});

/** Entries of others, or of a newer MEO, that no schema of ours would let pass. */
const oddInstances = [
  { id: 'e1', appDId: 'other', instantiationState: 'SCALING' },
  { id: 'e2', appDId: ['other'], instantiatedAppState: 'STARTED', communicationInterface: { ipAddresses: 'none' } },
  { appInstanceName: 'nameless' },
  null,
  7,
];
const oddOperations = [
  { id: 'x1', operationState: 'ROLLED_BACK', lcmOperation: 'INSTANTIATE' },
  {
    id: 'x2',
    operationState: 'PROCESSING',
    lcmOperation: 'SCALE',
    _links: { appInstance: { href: '/app_instances/e1' } },
  },
  { id: 'x3', operationState: 3, _links: 'none' },
  null,
];

describe('a MEO with instances and operations of others', () => {
  beforeEach(() => {
    meo.oddInstances.push(...oddInstances);
    meo.oddOperations.push(...oddOperations);
  });
  const there = async (): Promise<unknown[]> => {
    await instances().instantiate(application, key, quickWait());
    const listed = (await instances().list(application, soon())).map(({ state }) => state);
    await instances().remove(key, key, quickWait());
    return [...listed, ...(await instances().list(application, soon()))];
  };

  it.each([true, false])('has ours started and removed beside odd ones (filters: %s)', async (filters) => {
    meo.filters = filters;
    expect(await there()).toEqual(['started']);
  });

  it.each([true, false])(
    'that numbers them has ours started and removed all the same (filters: %s)',
    async (filters) => {
      Object.assign(meo, { numbers: true, filters });
      meo.add('of somebody else', 'STARTED', 'other');
      expect(await there()).toEqual(['started']);
      expect(meo.instances.map(({ name }) => name)).toEqual(['of somebody else']);
    },
  );

  it('that numbers them shows what is still going on at ours', async () => {
    meo.numbers = true;
    const ours = meo.add(key);
    meo.begin(ours, 'INSTANTIATE', () => Object.assign(ours, { state: 'STARTED', host: 'a1' }));
    await instances().instantiate(application, key, quickWait());
    expect(meo.server.count(lcm('instantiate'))).toBe(0);
  });

  it.each([
    [400, 'unknown query parameter filter'],
    [501, 'not implemented'],
    [404, 'not found'],
  ])('that refuses a query (%i) is asked without', async (status, detail) => {
    meo.instead = ({ query }) => (query.size > 0 ? { status, json: { detail } } : undefined);
    expect(await there()).toEqual(['started']);
  });

  it.each([
    ['null', 'null'],
    ['nothing', ''],
    ['an object without members', '{}'],
  ])('that lists %s where there is nothing has nothing', async (_, text) => {
    meo.instead = ({ method, path }) =>
      method === 'GET' && (path.endsWith('op_occs') || (path.endsWith('instances') && meo.instances.length === 0))
        ? { status: 200, text }
        : undefined;
    expect(await there()).toEqual(['started']);
  });

  it.each([404, 501])('that keeps no list of operations (%i) is looked at itself', async (status) => {
    meo.instead = ({ method, path }) => (method === 'GET' && path.endsWith('op_occs') ? { status } : undefined);
    expect(await there()).toEqual(['started']);
  });

  it.each<readonly [string, Reply]>([
    ['hides from us', { status: 403 }],
    ['cannot read itself', { status: 500 }],
    ['shows in no form that is known', { status: 200, json: { id: 9 } }],
  ])('may list an operation without its instance that it %s: it stops nothing of ours', async (_, reply) => {
    for (const id of ['x9', '..']) meo.oddOperations.push({ id, operationState: 'PROCESSING' });
    meo.instead = ({ path }) => (path.endsWith('/x9') ? reply : undefined);
    const kept = meo.add('kept', 'STOPPED');
    await instances().start(kept.id, key, quickWait());
    expect(kept.state).toBe('STARTED');
    await instances().stop(kept.id, key, quickWait());
    expect(kept.state).toBe('STOPPED');
    meo.add(key);
    expect((await instances().instantiate(application, key, quickWait())).state).toBe('started');
  });

  it.each(['<html>created</html>', '{"id":'])('may say what it created in no form that is known: %s', async (text) => {
    meo.instead = ({ method, path, json }) => {
      if (method !== 'POST' || !path.endsWith('app_instances')) return undefined;
      meo.add(String(json['appInstanceName']));
      return { status: 201, text };
    };
    expect(await there()).toEqual(['started']);
    expect(meo.server.count(created)).toBe(1);
  });

  it('may have an operation of ours in a state that nobody knows', async () => {
    const instance = meo.add(key, 'STARTED');
    const odd = { id: 'odd', lcmOperation: 'HEAL', operationState: 'SHELVED' };
    const appInstance = { href: `/app_lcm/v1/app_instances/${instance.id}` };
    meo.oddOperations.push({ ...odd, _links: { appInstance } });
    meo.instead = ({ method, path }) =>
      method === 'GET' && path.endsWith('/odd')
        ? { status: 200, json: { ...odd, _links: { appInstance } } }
        : undefined;
    await instances().stop(instance.id, key, quickWait());
    await instances().remove(instance.id, key, quickWait());
    expect(meo.instances).toEqual([]);
  });

  it('is asked as often, and answers as much, whatever it has of others', async () => {
    const cost = async (): Promise<number[]> => {
      const heard = meo.server.heard.length;
      meo.longest = 0;
      await there();
      return [meo.server.heard.length - heard, meo.longest];
    };
    meo.instances.length = 0;
    meo.oddInstances.length = 0;
    meo.oddOperations.length = 0;
    const [calls = 0, bytes = 0] = await cost();
    for (let n = 0; n < 1_000; n += 1)
      meo.begin(meo.add(`theirs-${n}`, 'STARTED', 'other'), 'OPERATE').state = 'COMPLETED';
    expect(await cost()).toEqual([calls, expect.toSatisfy((more: number) => more < bytes + 100)]);
  });

  it('may have 40,000 ended operations in one list that knows no filter', async () => {
    meo.filters = false;
    meo.page = 1_000_000;
    const theirs = meo.add('theirs', 'STARTED', 'other');
    for (let n = 0; n < 40_000; n += 1) meo.begin(theirs, 'OPERATE').state = 'COMPLETED';
    expect(JSON.stringify(meo.operations.map((each) => meo.occurrenceOf(each))).length).toBeGreaterThan(
      8 * 1024 * 1024,
    );
    await instances().remove(meo.add(key, 'STARTED').id, key, quickWait(30_000));
    expect(meo.instances).toEqual([theirs]);
  }, 30_000);
});

describe('a MEO that shows late what it has done', () => {
  it('may not know at once what it has created', async () => {
    let refusals = 3;
    meo.instead = ({ method, path }) =>
      method === 'POST' && path.endsWith('/instantiate') && (refusals -= 1) >= 0 ? { status: 404 } : undefined;
    expect((await instances().instantiate(application, key, quickWait())).id).toBe('i1');
    expect(meo.instances).toHaveLength(1);
  });

  it('may list it late, and show it late by itself', async () => {
    let hidden = 4;
    meo.instead = ({ method, path }) =>
      method === 'GET' && path.startsWith('/app_lcm/v1/app_instances') && meo.instances.length > 0 && (hidden -= 1) >= 0
        ? path.endsWith('instances')
          ? { status: 200, json: [] }
          : { status: 404 }
        : undefined;
    expect((await instances().instantiate(application, key, quickWait())).id).toBe('i1');
    expect(meo.server.count(created)).toBe(1);
  });

  it('leaves exactly one of ours, though the first was made by a call whose answer was lost and is listed late', async () => {
    let late = true;
    meo.instead = ({ method, path }) =>
      late && method === 'GET' && path.endsWith('/app_instances') ? { status: 200, json: [] } : undefined;
    meo.server.loseAnswer(created, 'reset');
    await expect(instances().instantiate(application, key, quickWait())).rejects.toMatchObject({
      type: 'PeerUnavailable',
    });
    const wait = quickWait();
    const pause = wait.pause;
    const done = instances().instantiate(application, key, {
      ...wait,
      pause: async () => {
        if (meo.instances.length === 2) late = false;
        await pause();
      },
    });
    const { id } = await done;
    expect(meo.instances.map((each) => [each.id, each.state])).toEqual([[id, 'STARTED']]);
  });

  it('is not asked to create again by the next attempt', async () => {
    const kept = new Map<string, string>();
    meo.instead = ({ path }) => (path.endsWith('/instantiate') ? { status: 503 } : undefined);
    await expect(instances().instantiate(application, key, quickWait(5_000, kept))).rejects.toMatchObject({
      type: 'PeerUnavailable',
    });
    let looks = 0;
    meo.instead = ({ method, path }) =>
      method === 'GET' && path.endsWith('/app_instances') && (looks += 1) < 3 ? { status: 200, json: [] } : undefined;
    await instances().instantiate(application, key, quickWait(5_000, kept));
    expect(meo.server.count(created)).toBe(1);
  });

  it('may show an operation late, and the state of an instance after its operation', async () => {
    let hidden = 2;
    let stale = 3;
    meo.instead = ({ method, path }) => {
      if (method === 'GET' && /op_occs.o\d/.test(path) && (hidden -= 1) >= 0) return { status: 404 };
      const instance = meo.instances[0];
      const ended = meo.operations[0]?.state === 'COMPLETED' && instance !== undefined;
      if (!ended || method !== 'GET' || !path.endsWith('/i1') || (stale -= 1) < 0) return undefined;
      return { status: 200, json: meo.infoOf({ ...instance, state: 'NOT_INSTANTIATED' }) };
    };
    expect((await instances().instantiate(application, key, quickWait())).state).toBe('started');
    expect(meo.server.count(lcm('instantiate'))).toBe(1);
  });

  it.each(['', '/', '?view=full'])(
    'is found by its Location where the answer to a creation has no body (it ends with %j)',
    async (end) => {
      meo.instead = ({ method, path, json }) =>
        method === 'POST' && path.endsWith('/app_instances')
          ? {
              status: 201,
              headers: { location: `/app_lcm/v1/app_instances/${meo.add(String(json['appInstanceName'])).id}${end}` },
            }
          : undefined;
      expect((await instances().instantiate(application, key, quickWait())).id).toBe('i1');
      expect(meo.server.count(lcm('instantiate'))).toBe(1);
    },
  );
});

describe('an endpoint that cannot be used', () => {
  const range = 'an address in 10.2.0.0/16 with port 7000';
  it.each([
    [
      'a name',
      'EndpointUnusable',
      [{ host: 'counter.a1.example', port: 7000 }],
      `a name as its endpoint; wanted is ${range}`,
    ],
    [
      'another port',
      'EndpointUnusable',
      [{ host: '10.2.1.7', port: 31777 }],
      `port 31777 as its endpoint; wanted is ${range}`,
    ],
    [
      'no port',
      'EndpointUnusable',
      [{ host: '10.2.1.7' }],
      `an address without a port as its endpoint; wanted is ${range}`,
    ],
    [
      'a port that there cannot be',
      'EndpointUnusable',
      [{ host: '10.2.1.7', port: 70_000 }],
      `an address without a port as its endpoint; wanted is ${range}`,
    ],
    [
      'another host',
      'WrongHost',
      [{ host: '10.9.1.7', port: 7000 }],
      `an address of another range as its endpoint; wanted is ${range}`,
    ],
  ])('because it is %s is told, and nothing is left of it', async (_, type, addresses, told) => {
    meo.addresses = addresses;
    await expect(instances().instantiate(application, key, quickWait())).rejects.toMatchObject({
      type,
      message: `instance i1, wanted on host a1, tells ${told}`,
    });
    expect(meo.instances).toEqual([]);
  });

  it('because it is missing (V2.1.1) is told', async () => {
    meo.place = () => null;
    await expect(instances().instantiate(application, key, quickWait())).rejects.toMatchObject({
      type: 'NotYet',
      message: `instance i1, wanted on host a1, has started, but tells nothing (no communicationInterface) as its endpoint; wanted is ${range}`,
    });
  });

  it.each([
    [
      'a name',
      [{ host: 'counter.a1.example', port: 7000 }],
      `instance i1 tells a name as its endpoint; wanted is ${range}`,
    ],
    [
      'another port',
      [{ host: '10.2.1.7', port: 31777 }],
      `instance i1 tells port 31777 as its endpoint; wanted is ${range}`,
    ],
    ['none', [], `instance i1 tells nothing (no communicationInterface) as its endpoint; wanted is ${range}`],
  ])('is listed as such: %s', async (_, addresses, unusable) => {
    meo.add('here', 'STARTED');
    meo.addresses = addresses;
    expect(await instances().list(application, soon())).toMatchObject([
      { id: 'i1', state: 'started', endpoint: null, unusable },
    ]);
  });

  it('does not hide one that can', async () => {
    meo.add('here', 'STARTED');
    meo.addresses = [
      { host: 'name', port: 7000 },
      { host: '10.2.1.7', port: 7001 },
      { host: '10.2.1.7', port: '7000' },
      'odd',
    ] as object[];
    const [listed] = await instances().list(application, soon());
    expect(listed).toEqual({ id: 'i1', name: 'here', state: 'started', endpoint: { host: '10.2.1.7', port: 7000 } });
  });
});

describe('removing and stopping where an answer fails', () => {
  const failing = ['malformed', 'silent', 404, 501] as const;
  type Failing = (typeof failing)[number];
  /** Every GET of such a path fails, for good. */
  function blind(path: RegExp, as: Failing): void {
    meo.answer = (heard, res) => {
      if (heard.method !== 'GET' || !path.test(heard.path)) return false;
      if (as !== 'silent') res.writeHead(as === 'malformed' ? 200 : as).end(as === 'malformed' ? '<html>' : '');
      return true;
    };
  }
  const tried = (): string[] =>
    meo.server.heard.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);

  it.each(failing)(
    'the instance goes though its own resource is %s',
    async (as) => {
      const { id } = meo.add('by another key', 'STARTED');
      blind(/app_instances.i\d/, as);
      await instances()
        .remove(id, key, quickWait(20_000))
        .catch(() => {});
      expect(meo.instances).toEqual([]);
      expect(tried().at(-1)).toBe(`DELETE /app_lcm/v1/app_instances/${id}`);
    },
    30_000,
  );

  it.each(failing)(
    'the instance goes though every operation is %s',
    async (as) => {
      const { id } = meo.add(key, 'STARTED');
      blind(/op_occs/, as);
      meo.quick = true;
      await instances()
        .remove(id, key, quickWait(20_000))
        .catch(() => {});
      expect(meo.instances).toEqual([]);
    },
    30_000,
  );

  it.each(failing)(
    'what is known goes though the list is %s, and that others may be left is told',
    async (as) => {
      const { id } = meo.add(key, 'STARTED');
      blind(/app_instances$/, as);
      await instances().remove(id, key, quickWait(20_000));
      expect(meo.instances).toEqual([]);
      const { type } = (await instances()
        .remove(key, key, quickWait(20_000))
        .catch((reason: unknown) => reason)) as { type: string };
      expect(type).toMatch(/^Peer(Malformed|Unavailable|Rejected)$/);
    },
    30_000,
  );

  it.each(failing)(
    'the instance stops though its own resource is %s, and that this was not seen is told',
    async (as) => {
      const instance = meo.add('runs', 'STARTED');
      blind(/app_instances.i\d/, as);
      await expect(instances().stop(instance.id, key, quickWait(20_000))).rejects.toMatchObject({
        type: expect.any(String),
      });
      expect(instance.state).toBe('STOPPED');
    },
    30_000,
  );

  it('takes an instance for gone by two witnesses only', async () => {
    await instances().remove('unknown', key, quickWait());
    await instances().stop('unknown', key, quickWait());
    expect(tried()).toEqual([]);
  });
});
