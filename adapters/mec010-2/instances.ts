import { failure } from '../../activities/failure.ts';
import type { Application, Instance, Instances, Wait } from '../../activities/ports.ts';
import {
  type AppInstanceInfo,
  appInstances,
  Created,
  type CreateAppInstanceRequest,
  type InstantiateAppRequest,
  type OperateAppRequest,
} from '../../protocols/mec010-2/life-cycle.ts';
import { addressRange } from '../address-range.ts';
import type { Exchange } from '../http.ts';
import { idIn } from '../links.ts';
import { endpointOf, type Found } from './endpoint.ts';
import { isInstantiated, lifeCycle } from './life-cycle.ts';
import { LOOKS } from './operations.ts';
import { removal } from './removal.ts';

export interface Place {
  /** The host's id at this MEO. */
  readonly host: string;
  /** The range in which instances on this host have their addresses. */
  readonly addresses: string;
  readonly country?: string | undefined;
}

/** `fresh`: it was created just now, and nobody has begun anything with it. */
interface One {
  readonly id: string;
  readonly fresh: boolean;
}

/** A list may show late what was created before. */
const LIST_LOOKS = 5;

/** Instances on one host of a MEC system (MEC 010-2, Mm1). There is no idempotency key: `appInstanceName` is the step's key. */
export const mec010Instances = (meo: Exchange, { host, addresses, country }: Place): Instances => {
  const life = lifeCycle(meo);
  const { dismantle, remove, stop, end } = removal(meo, life);
  const within = addressRange(addresses);
  const found = (info: AppInstanceInfo, port: number | null): Found => endpointOf(info, { addresses, within, port });

  async function create(application: Application, key: string, wait: Wait): Promise<One> {
    const json: CreateAppInstanceRequest = { appDId: application.appDId, appInstanceName: key };
    const asked = { method: 'POST', path: appInstances, json, key } as const;
    const call = { ...asked, schema: Created, hint: true, alsoExpect: [403, 409] } as const;
    const { status, body, location, told } = await meo.ask(call, wait.signal);
    if (status < 300) {
      const id = body?.id ?? idIn(appInstances, location);
      if (id !== undefined) return { id, fresh: true };
    }
    const [there] = await life.look('appInstanceName', key, wait.signal);
    if (there !== undefined) return { id: there.id, fresh: false };
    if (status >= 300) throw failure('TargetRefused', told);
    throw failure('NotYet', `${told}, but does not tell which instance it created`);
  }

  /** The one that goes by this key. A list may lag behind: what an earlier attempt created is known to it by its id. */
  async function one(application: Application, key: string, wait: Wait): Promise<One> {
    const [first, ...surplus] = await life.look('appInstanceName', key, wait.signal);
    for (const { id } of surplus) await dismantle(id, key, wait);
    if (first !== undefined) return { id: first.id, fresh: false };
    const kept = wait.kept('instance');
    if (kept !== undefined && (await life.read(kept, wait.signal)) !== undefined) return { id: kept, fresh: false };
    const made = await create(application, key, wait);
    wait.keep('instance', made.id);
    return made;
  }

  /** At the end exactly one goes by this key: a list that shows this one shows any other as well. */
  async function alone(id: string, key: string, wait: Wait): Promise<void> {
    let named = await life.look('appInstanceName', key, wait.signal);
    for (let looks = 1; looks < LIST_LOOKS && !named.some((info) => info.id === id); looks += 1) {
      await wait.pause();
      // Where the filter does not show it, the list may
      named = await life.look('appInstanceName', key, wait.signal, looks % 2 === 0);
    }
    for (const info of named) if (info.id !== id) await dismantle(info.id, key, wait);
  }

  const operate = async (id: string, json: OperateAppRequest, key: string, wait: Wait): Promise<AppInstanceInfo> =>
    await life.bring(
      id,
      { call: 'operate', json },
      (info) => info.instantiatedAppState?.operationalState === json.changeStateTo,
      key,
      wait,
    );

  /** STARTED, with an endpoint on this very host; `shown`: how it has just been seen. WrongHost, EndpointUnusable, NotYet. */
  async function serving(shown: AppInstanceInfo, port: number | null, key: string, wait: Wait): Promise<Instance> {
    const { id } = shown;
    let seen = 'is not there';
    for (let looks = 0; looks < LOOKS; looks += 1) {
      const info = looks === 0 ? shown : await life.read(id, wait.signal);
      const instance = info && instanceOf(info, found(info, port));
      seen = instance === undefined ? 'is not there' : `is ${instance.state}`;
      if (instance?.state === 'stopped') await operate(id, { changeStateTo: 'STARTED' }, key, wait);
      else if (info !== undefined && instance?.state === 'started') {
        if (instance.endpoint !== null) return instance;
        const { elsewhere, unusable = '' } = found(info, port);
        if (elsewhere) throw failure('WrongHost', `instance ${id}, wanted on host ${host}, ${unusable}`);
        if ((info.communicationInterface?.ipAddresses ?? []).length > 0)
          throw failure('EndpointUnusable', `instance ${id}, wanted on host ${host}, ${unusable}`);
        seen = `has started, but ${unusable}`;
      }
      wait.progress(`waiting for the endpoint of instance ${id}, which ${seen}`);
      await wait.pause();
    }
    throw failure('NotYet', `instance ${id}, wanted on host ${host}, ${seen}`);
  }

  return {
    whenLeft: 'remove',

    async list({ appDId, port }, signal) {
      const infos = await life.look('appDId', appDId, signal);
      return infos.flatMap((info) => {
        const sight = found(info, port);
        const instance = instanceOf(info, sight);
        // Without an endpoint it may become one of this host, and a name may be one of it
        const isOurs = sight.endpoint !== null || (!sight.elsewhere && instance.state !== 'stopped');
        return isOurs ? [instance] : [];
      });
    },

    async instantiate(application, key, wait) {
      const { id, fresh } = await one(application, key, wait);
      const json: InstantiateAppRequest = {
        selectedMECHostInfo: [{ hostId: { id: host }, hostName: host }],
        ...(country !== undefined && { locationConstraints: { countryCode: country } }),
      };
      const task = { call: 'instantiate', json } as const;
      const shown = await life.bring(id, task, (info) => isInstantiated(info), key, wait, fresh);
      try {
        const instance = await serving(shown, application.port, key, wait);
        await alone(id, key, wait);
        return instance;
      } catch (error) {
        const { type } = error as { type?: unknown };
        if (type === 'WrongHost' || type === 'EndpointUnusable') await dismantle(id, key, wait);
        throw error;
      }
    },

    async stateOf({ appDId }, id, signal) {
      const info = (await life.read(id, signal)) ?? (await life.look('id', id, signal))[0];
      if (info === undefined) return 'gone';
      return (info.appDId ?? appDId) === appDId ? stateIn(info) : 'another';
    },

    isBeingMade: async (id, signal) => (await life.operations.open(id, signal)) !== undefined,

    async start(id, key, wait) {
      return await serving(await operate(id, { changeStateTo: 'STARTED' }, key, wait), null, key, wait);
    },

    stop,
    withdraw: life.operations.close,
    remove,
    end,

    async reach({ appDId }, _how, signal) {
      await life.look('appDId', appDId, signal);
      return 'reached';
    },
  };
};

function stateIn(info: AppInstanceInfo): Instance['state'] {
  if (info.instantiationState === 'NOT_INSTANTIATED') return 'notInstantiated';
  if (!isInstantiated(info)) return 'unknown';
  const operational = info.instantiatedAppState?.operationalState;
  return operational === 'STARTED' ? 'started' : operational === 'STOPPED' ? 'stopped' : 'starting';
}

function instanceOf(info: AppInstanceInfo, { endpoint, unusable }: Found): Instance {
  const state = stateIn(info);
  const name = info.appInstanceName ?? null;
  return {
    id: info.id,
    name,
    state,
    endpoint,
    ...(state === 'started' && unusable !== undefined && { unusable: `instance ${info.id} ${unusable}` }),
  };
}
