import { failure } from '../../activities/failure.ts';
import type { Wait } from '../../activities/ports.ts';
import { AppInstanceInfo, appInstances, OneAppInstance } from '../../protocols/mec010-2/life-cycle.ts';
import { type Exchange, GONE } from '../http.ts';
import { oncePerTurn } from '../one-turn.ts';
import { equals, everyPage } from '../paging.ts';
import { lcmOperations, LOOKS, type Task } from './operations.ts';

/** Instances as a MEO shows them, and how one is brought into a state. */
export const lifeCycle = (meo: Exchange) => {
  const operations = lcmOperations(meo);

  /**
   * Those of which this is so, of others nothing is kept; in the MEO's own order, since it tells no time of creation. Of
   * several of one name those that are further along come first. `whole`: it may answer a filter with less than there is.
   */
  async function look(
    attribute: 'id' | 'appDId' | 'appInstanceName',
    value: string,
    signal: AbortSignal,
    whole = false,
  ): Promise<readonly AppInstanceInfo[]> {
    const path = whole ? appInstances : `${appInstances}?${equals(attribute, value)}`;
    const isSame = (info: AppInstanceInfo): boolean => info[attribute] === value; // the filter may be ignored
    const ask = async () => await everyPage(meo, path, AppInstanceInfo, signal, [], isSame);
    const same = once(await oncePerTurn(meo, `${path} ${attribute} ${value}`, signal, ask));
    if (attribute !== 'appInstanceName') return same;
    return [...same.filter(isInstantiated), ...same.filter((info) => !isInstantiated(info))];
  }

  async function read(id: string, signal: AbortSignal): Promise<AppInstanceInfo | undefined> {
    const call = { method: 'GET', path: instancePath(id), schema: OneAppInstance, alsoExpect: GONE } as const;
    const { status, body } = await meo.ask(call, signal);
    return GONE.includes(status) ? undefined : body;
  }

  /**
   * Looks, unless it is `fresh`, begins, waits, looks: until the instance is as wanted, and how it is then. TargetRefused,
   * LcmOperationFailed, NotYet.
   */
  async function bring(
    id: string,
    task: Task,
    wanted: (info: AppInstanceInfo) => boolean,
    key: string,
    wait: Wait,
    fresh = false,
  ): Promise<AppInstanceInfo> {
    async function asWanted(): Promise<AppInstanceInfo | undefined> {
      const info = await read(id, wait.signal);
      return info !== undefined && wanted(info) ? info : undefined;
    }
    async function arrived(looks: number): Promise<AppInstanceInfo | undefined> {
      for (let looked = 1; ; looked += 1) {
        const there = await asWanted();
        if (there !== undefined) return there;
        const open = await operations.open(id, wait.signal);
        if (open !== undefined) {
          await operations.complete(open.id, key, wait);
          const then = await asWanted();
          if (then !== undefined) return then;
        }
        if (looked >= looks) return undefined;
        wait.progress(`waiting until instance ${id} shows what ${task.call} made of it`);
        await wait.pause();
      }
    }
    const already = fresh ? undefined : await arrived(1);
    if (already !== undefined) return already;
    for (let looked = 1; ; looked += 1) {
      const { operation, status, told } = await operations.begin(id, task, key, wait.signal);
      if (operation !== undefined) await operations.complete(operation, key, wait);
      const there = await arrived(status < 300 ? LOOKS : 1);
      if (there !== undefined) return there;
      if (status < 300) throw failure('LcmOperationFailed', `${told}, but instance ${id} is not as it was wanted`);
      if (!GONE.includes(status)) throw failure('TargetRefused', told);
      // It may not know yet what it has created itself
      const isThere = (await read(id, wait.signal)) !== undefined;
      if (looked === LOOKS) throw failure(isThere ? 'TargetRefused' : 'NotYet', told);
      wait.progress(`instance ${id} is not known to ${task.call} yet`);
      await wait.pause();
    }
  }

  /** Two witnesses: an instance is not taken for gone because its own resource does not answer. */
  const isGone = async (id: string, signal: AbortSignal): Promise<boolean> =>
    (await read(id, signal)) === undefined && (await look('id', id, signal)).length === 0;

  return { operations, look, read, bring, isGone };
};

/** Where a list grew between two of its parts, both show the same one: nobody may take it for two. */
const once = (listed: readonly AppInstanceInfo[]): readonly AppInstanceInfo[] => [
  ...new Map(listed.map((info) => [info.id, info])).values(),
];

export const instancePath = (id: string): string => `${appInstances}/${encodeURIComponent(id)}`;

export const isInstantiated = (info: AppInstanceInfo | undefined): boolean =>
  info?.instantiationState === 'INSTANTIATED';
