import { failure } from '../../activities/failure.ts';
import type { Application, Instance, Instances, Wait } from '../../activities/ports.ts';
import type { Endpoint } from '../../domain/endpoint.ts';
import {
  AppInstanceInfo,
  appInstances,
  type CreateAppInstanceRequest,
  type InstantiateAppRequest,
  type OperateAppRequest,
  type TerminateAppRequest,
} from '../../protocols/mec010-2/life-cycle.ts';
import { addressRange } from '../address-range.ts';
import type { Exchange } from '../http.ts';
import { equals, everyPage } from '../paging.ts';
import { lcmOperations, type Task } from './operations.ts';

export interface Place {
  /** The host's id at this MEO. */
  readonly host: string;
  /** The range in which instances on this host have their addresses. */
  readonly addresses: string;
  readonly country?: string | undefined;
}

/** Seconds for an application to close its files: its clients have left before. */
const GRACE = 5;
/** Looks at an instance that is instantiated but tells no endpoint. */
const ENDPOINT_LOOKS = 20;

/** Instances on one host of a MEC system (MEC 010-2, Mm1). There is no idempotency key: `appInstanceName` is the step's key. */
export const mec010Instances = (meo: Exchange, { host, addresses, country }: Place): Instances => {
  const operations = lcmOperations(meo);
  const within = addressRange(addresses);

  /** The MEO tells no time of creation: those that are further along come first, then its own order. */
  async function look(attribute: 'appDId' | 'appInstanceName', value: string, signal: AbortSignal) {
    const found = await everyPage(meo, `${appInstances}?${equals(attribute, value)}`, AppInstanceInfo, signal);
    const same = found.filter((info) => info[attribute] === value); // the filter may have been ignored
    return [...same.filter(isInstantiated), ...same.filter((info) => !isInstantiated(info))];
  }

  async function read(id: string, signal: AbortSignal): Promise<AppInstanceInfo | undefined> {
    const call = { method: 'GET', path: pathOf(id), schema: AppInstanceInfo, alsoExpect: [404] } as const;
    const { status, body } = await meo.ask(call, signal);
    return status === 404 ? undefined : body;
  }

  async function create(application: Application, key: string, signal: AbortSignal): Promise<AppInstanceInfo> {
    const json: CreateAppInstanceRequest = { appDId: application.appDId, appInstanceName: key };
    const call = {
      method: 'POST',
      path: appInstances,
      json,
      schema: AppInstanceInfo,
      alsoExpect: [403, 409],
      key,
    } as const;
    const { status, body, told } = await meo.ask(call, signal);
    if (status < 300) return body;
    const [there] = await look('appInstanceName', key, signal);
    if (there === undefined) throw failure('TargetRefused', told);
    return there;
  }

  /** Looks, begins, waits, looks: until the instance is as wanted. TargetRefused, Conflict, LcmOperationFailed. */
  async function bring(
    id: string,
    task: Task,
    wanted: (info: AppInstanceInfo | undefined) => boolean,
    key: string,
    wait: Wait,
  ): Promise<void> {
    const done = async (): Promise<boolean> => wanted(await read(id, wait.signal));
    const settled = async (): Promise<boolean> => {
      const open = await operations.open(id, wait.signal);
      if (open === undefined) return false;
      await operations.complete(open.id, key, wait);
      return await done();
    };
    if ((await done()) || (await settled())) return;
    const { operation, refused, told } = await operations.begin(id, task, key, wait.signal);
    if (operation !== undefined) await operations.complete(operation, key, wait);
    if ((await done()) || (await settled())) return;
    if (refused) throw failure(task.call === 'terminate' ? 'Conflict' : 'TargetRefused', told);
    throw failure('LcmOperationFailed', `${told}, but instance ${id} is not as it was wanted`);
  }

  const operate = async (id: string, json: OperateAppRequest, key: string, wait: Wait): Promise<void> =>
    await bring(
      id,
      { call: 'operate', json },
      (info) => info?.instantiatedAppState?.operationalState === json.changeStateTo,
      key,
      wait,
    );

  /** STARTED, with an endpoint on this very host. WrongHost, NotYet. */
  async function serving(id: string, key: string, wait: Wait): Promise<Instance> {
    for (let looks = 0; looks < ENDPOINT_LOOKS; looks += 1) {
      const info = await read(id, wait.signal);
      const instance = info && instanceOf(info, within);
      if (instance?.state === 'stopped') await operate(id, { changeStateTo: 'STARTED' }, key, wait);
      else if (instance?.state === 'started' && instance.endpoint !== null) {
        if (!within(instance.endpoint.host))
          throw failure('WrongHost', `instance ${id} was wanted on host ${host}, but is outside its address range`);
        return instance;
      }
      wait.progress(`waiting for the endpoint of instance ${id}`);
      await wait.pause();
    }
    throw failure('NotYet', `instance ${id} on host ${host} is not started, or tells no endpoint`);
  }

  async function dismantle(id: string, key: string, wait: Wait): Promise<void> {
    await operations.close(id, key, wait);
    const json: TerminateAppRequest = { terminationType: 'GRACEFUL', gracefulTerminationTimeout: GRACE };
    await bring(id, { call: 'terminate', json }, (info) => info === undefined || !isInstantiated(info), key, wait);
    const call = { method: 'DELETE', path: pathOf(id), alsoExpect: [403, 404, 409], key } as const;
    const { status, told } = await meo.ask(call, wait.signal);
    if (status !== 404 && status >= 300 && (await read(id, wait.signal)) !== undefined) throw failure('Conflict', told);
  }

  return {
    whenLeft: 'remove',

    async list({ appDId }, signal) {
      const instances = (await look('appDId', appDId, signal)).map((info) => instanceOf(info, within));
      // Without an endpoint it may become one of this host
      return instances.filter(({ endpoint, state }) =>
        endpoint === null ? state === 'notInstantiated' || state === 'starting' : within(endpoint.host),
      );
    },

    async instantiate(application, key, wait) {
      const [first, ...surplus] = await look('appInstanceName', key, wait.signal);
      for (const { id } of surplus) await dismantle(id, key, wait);
      const { id } = first ?? (await create(application, key, wait.signal));
      const json: InstantiateAppRequest = {
        selectedMECHostInfo: [{ hostId: { id: host }, hostName: host }],
        ...(country !== undefined && { locationConstraints: { countryCode: country } }),
      };
      await bring(id, { call: 'instantiate', json }, (info) => info !== undefined && isInstantiated(info), key, wait);
      try {
        return await serving(id, key, wait);
      } catch (error) {
        if ((error as { type?: unknown }).type === 'WrongHost') await dismantle(id, key, wait);
        throw error;
      }
    },

    async start(id, key, wait) {
      await operate(id, { changeStateTo: 'STARTED' }, key, wait);
      return await serving(id, key, wait);
    },

    async stop(id, key, wait) {
      const info = await read(id, wait.signal);
      if (info === undefined || !isInstantiated(info)) return;
      await operate(id, { changeStateTo: 'STOPPED', stopType: 'GRACEFUL', gracefulStopTimeout: GRACE }, key, wait);
    },

    /** Also what was created under this key, late or twice, by a call whose answer was lost. */
    async remove(id, key, wait) {
      const named = await look('appInstanceName', key, wait.signal);
      for (const each of new Set([id, ...named.map((info) => info.id)])) {
        if ((await read(each, wait.signal)) !== undefined) await dismantle(each, key, wait);
      }
    },

    async reach({ appDId }, _how, signal) {
      await look('appDId', appDId, signal);
      return 'reached';
    },
  };
};

const pathOf = (id: string): string => `${appInstances}/${encodeURIComponent(id)}`;

const isInstantiated = ({ instantiationState }: AppInstanceInfo): boolean => instantiationState === 'INSTANTIATED';

function instanceOf(info: AppInstanceInfo, within: (host: string) => boolean): Instance {
  const endpoints: readonly Endpoint[] = info.communicationInterface?.ipAddresses ?? [];
  const state = info.instantiatedAppState?.operationalState;
  return {
    id: info.id,
    name: info.appInstanceName ?? null,
    state: !isInstantiated(info)
      ? 'notInstantiated'
      : state === undefined
        ? 'starting'
        : state === 'STARTED'
          ? 'started'
          : 'stopped',
    endpoint: endpoints.find((endpoint) => within(endpoint.host)) ?? endpoints[0] ?? null,
  };
}
