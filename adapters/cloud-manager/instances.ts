import { failure } from '../../activities/failure.ts';
import type { Instance, Instances, Wait } from '../../activities/ports.ts';
import { CloudInstance, instances } from '../../protocols/cloud-manager/cloud.ts';
import { addressRange } from '../address-range.ts';
import { type Exchange, GONE } from '../http.ts';
import { scrubbed } from '../problem.ts';
import type { Orders } from '../tmf641/orders.ts';
import { listed } from './list.ts';

const states: Readonly<Record<string, Instance['state']>> = {
  starting: 'starting',
  running: 'started',
  stopping: 'stopped',
  stopped: 'stopped',
  failed: 'failed',
};

/** Looks at an instance of which the OSS says that it was changed, and which does not even begin to. */
const IDLE_LOOKS = 20;
/** What is gone may be shown for a minute: the longer it is waited for, the more seldom it is looked at. */
const GONE_LOOKS = 45;

/**
 * Instances in a cloud: seen at its manager, changed by orders at the OSS (GR MEC 035, 6.6.2: the MEO asks the OSS, the
 * OSS the cloud). `addresses`: the range in which they have to be.
 */
export const cloudInstances = (
  manager: Exchange,
  orders: Orders,
  { cloud, addresses }: { cloud: string; addresses: string },
): Instances => {
  const within = addressRange(addresses);

  /** Undefined: not there. */
  async function look(id: string, signal: AbortSignal): Promise<CloudInstance | undefined> {
    const path = `${instances}/${encodeURIComponent(id)}`;
    const call = { method: 'GET', path, schema: CloudInstance, alsoExpect: GONE } as const;
    const { status, body } = await manager.ask(call, signal);
    return GONE.includes(status) ? undefined : body;
  }

  /** `unseen`: its manager does not tell. What is asked by the id that we know is asked all the same. */
  async function stateOf(id: string, signal: AbortSignal): Promise<string> {
    try {
      return (await look(id, signal))?.state ?? 'gone';
    } catch (error) {
      if (signal.aborted) throw error;
      return 'unseen';
    }
  }

  /** A completed order is the OSS's word: what counts is what the cloud shows. */
  async function shown(id: string, wanted: 'running' | 'stopped' | 'gone', wait: Wait) {
    const looks = wanted === 'gone' ? GONE_LOOKS : IDLE_LOOKS;
    for (let idle = 0; ; ) {
      const instance = await look(id, wait.signal);
      const state = instance?.state ?? 'gone';
      const settled = state === wanted || (state === 'gone' && wanted === 'stopped');
      // It may run before it is given an address
      if (settled && (wanted !== 'running' || instance?.endpoint != null || idle >= looks)) return instance;
      const moves = state === 'starting' || state === 'stopping';
      idle = moves ? 0 : idle + 1;
      if ((state === 'failed' && wanted !== 'gone') || idle > looks) {
        const why = instance?.detail ? `: ${scrubbed(instance.detail)}` : '';
        throw failure('LcmOperationFailed', `${cloud}: instance ${id} is ${state}, it was to be ${wanted}${why}`);
      }
      wait.progress(`${cloud}: instance ${state}, to be ${wanted}`);
      await wait.pause();
    }
  }

  async function running(id: string, wait: Wait): Promise<Instance> {
    const shownRunning = await shown(id, 'running', wait);
    const instance = shownRunning && ours(shownRunning);
    if (!instance?.endpoint) throw failure('PeerMalformed', `${cloud}: the running instance ${id} has no endpoint`);
    if (!within(instance.endpoint.host))
      throw failure('WrongHost', `${cloud}: instance ${id} is outside the addresses of this site`);
    return instance;
  }

  return {
    list: async ({ appDId }, signal) => {
      const held = await listed(manager, instances, { appDId, schema: CloudInstance }, signal);
      // A list that grew between two of its parts shows one twice
      const each = [...new Map(held.map((instance) => [instance.name, instance])).values()];
      return each.toSorted((a, b) => (a.since ?? '').localeCompare(b.since ?? '')).map(ours);
    },

    // It is called after its order, of which an OSS may know no more: it may have run for weeks
    instantiate: async (application, key, wait) => {
      const there = await look(key, wait.signal);
      const isOurs = there?.appDId === application.appDId && (there.state === 'running' || there.state === 'starting');
      return await running(
        isOurs ? there.name : await orders.fulfil({ wish: 'instantiate', application }, key, wait),
        wait,
      );
    },

    stateOf: async ({ appDId }, id, signal) => {
      const instance = await look(id, signal);
      if (instance === undefined) return 'gone';
      return instance.appDId === appDId ? ours(instance).state : 'another';
    },

    isBeingMade: async () => false,

    start: async (id, key, wait) => {
      const state = (await look(id, wait.signal))?.state;
      if (state !== 'running' && state !== 'starting') await orders.fulfil({ wish: 'start', instance: id }, key, wait);
      return await running(id, wait);
    },

    stop: async (id, key, wait) => {
      const state = await stateOf(id, wait.signal);
      if (state === 'gone' || state === 'stopped') return;
      await orders.fulfil({ wish: 'stop', instance: id }, key, wait, state === 'unseen');
      await shown(id, 'stopped', wait);
    },

    withdraw: async (_id, key, wait) => await orders.withdraw(key, wait, 'modify'),

    end: async (id, key, wait) => {
      const wish = { wish: 'stop', instance: id } as const;
      const state = await stateOf(id, wait.signal);
      // An order for what is so already would be completed and prove nothing
      if (state === 'gone' || state === 'stopped')
        return (await orders.completed(wish, key, wait)) ? 'operation' : 'written';
      await orders.fulfil(wish, key, wait, state === 'unseen');
      await shown(id, 'stopped', wait);
      return 'operation';
    },

    remove: async (id, key, wait) => {
      // An instance is called after the order that makes it. What cannot be withdrawn is removed all the same
      const withdrawn = await orders.withdraw(id, wait).catch((error: unknown) => error as Error);
      wait.signal.throwIfAborted();
      const state = await stateOf(id, wait.signal);
      if (state !== 'gone') {
        await orders.fulfil({ wish: 'remove', instance: id }, key, wait, state === 'unseen');
        await shown(id, 'gone', wait);
      }
      // Nobody knows whether one is still to be made
      if (withdrawn instanceof Error) throw withdrawn;
    },

    whenLeft: 'stop',
    reach: async (_application, { mayOrder }, signal) => await orders.reach(mayOrder, signal),
  };
};

function ours({ name, state, endpoint }: CloudInstance): Instance {
  const known = Object.hasOwn(states, state) ? states[state] : undefined;
  return { id: name, name, state: known ?? 'unknown', endpoint: endpoint ?? null };
}
