import { failure, mayPass } from '../../activities/failure.ts';
import type { Wait } from '../../activities/ports.ts';
import {
  appInstances,
  AppLcmOpOcc,
  appLcmOpOccs,
  type CancelRequest,
  ENDED,
  GOES_ON,
  type InstantiateAppRequest,
  type OperateAppRequest,
  type TerminateAppRequest,
} from '../../protocols/mec010-2/life-cycle.ts';
import { type Exchange, GONE } from '../http.ts';
import { idIn, lastSegment } from '../links.ts';
import { equals, everyPage, isNone } from '../paging.ts';
import { scrubbed } from '../scrubbed.ts';

export type Task =
  | { readonly call: 'instantiate'; readonly json: InstantiateAppRequest }
  | { readonly call: 'operate'; readonly json: OperateAppRequest }
  | { readonly call: 'terminate'; readonly json: TerminateAppRequest };

/** 403 and 409: the state forbids it, or a right is missing. Else it is gone. */
const CONFLICT = [403, 409, ...GONE];
/** What is of others may be broken. */
const BROKEN = 500;
/** Not every MEO keeps a list of them: then none is known, and the instance itself is looked at. */
const NO_SERVICE = [...GONE, 501];
/** V2.1.1 has none of cancel, retry and fail. */
const NOT_NOW = [...CONFLICT, 405, 501];

/** So often a peer is looked at that may not show yet what it has done, or shows what nobody knows. */
export const LOOKS = 20;

/** Life cycle operation occurrences: one is open per instance, and it is looked for before the next is begun. */
export const lcmOperations = (meo: Exchange) => {
  async function read(id: string, signal: AbortSignal, absent = GONE): Promise<AppLcmOpOcc | undefined> {
    const call = { method: 'GET', path: pathOf(id), schema: AppLcmOpOcc, alsoExpect: absent } as const;
    const { status, body } = await meo.ask(call, signal);
    return absent.includes(status) ? undefined : body;
  }

  /** The one that is open at this instance. Of others, and of those that ended, however many, nothing is kept. */
  async function open(instance: string, signal: AbortSignal): Promise<AppLcmOpOcc | undefined> {
    const isOf = ({ appInstance = '' }: AppLcmOpOcc): boolean => lastSegment(appInstance) === instance;
    const path = `${appLcmOpOccs}?all_fields&${isNone('operationState', ENDED)}`;
    const perhaps = (each: AppLcmOpOcc): boolean => isOpen(each) && (each.appInstance === undefined || isOf(each));
    const listed = await everyPage(meo, path, AppLcmOpOcc, signal, NO_SERVICE, perhaps);
    const named = listed.find(isOf);
    if (named !== undefined) return named;
    for (const { id } of listed) {
      const operation = await readable(id, signal);
      if (operation !== undefined && isOpen(operation) && isOf(operation)) return operation;
    }
    return undefined;
  }

  /** Of others, most likely, and perhaps not for us. Were it this instance's, whatever is begun there would be refused. */
  async function readable(id: string, signal: AbortSignal): Promise<AppLcmOpOcc | undefined> {
    try {
      return await read(id, signal, [...GONE, BROKEN]);
    } catch (error) {
      if (signal.aborted || mayPass(error)) throw error;
      return undefined;
    }
  }

  /**
   * Until it has ended well, or is not known: not yet, not any more. FAILED_TEMP may be cured by one retry, which may not show at
   * once; then it is closed, for it would stay open for ever. In a state that nobody knows it is not waited for for ever: the instance tells. LcmOperationFailed.
   * Was it seen to have completed?
   */
  async function complete(id: string, key: string, wait: Wait): Promise<boolean> {
    const post = async (call: 'retry' | 'fail'): Promise<boolean> =>
      (await meo.ask({ method: 'POST', path: `${pathOf(id)}/${call}`, alsoExpect: NOT_NOW, key }, wait.signal)).status <
      300;
    let strange = 0;
    /** Looks at which a retry may not show yet. */
    let late = LOOKS;
    for (let retried = false; ; await wait.pause()) {
      const operation = await read(id, wait.signal);
      if (operation === undefined) return false;
      if (operation.operationState === 'COMPLETED') return true;
      const { operationState, lcmOperation } = operation;
      const told = `operation ${id} (${scrubbed(lcmOperation ?? 'of no kind')}) is ${scrubbed(operationState)}`;
      wait.progress(told);
      if (!isOpen(operation)) throw failure('LcmOperationFailed', told);
      if (operationState !== 'FAILED_TEMP') {
        strange += GOES_ON.some((state) => state === operationState) ? 0 : 1;
        if (strange > LOOKS) return false;
        if (retried) late = 0; // what is FAILED_TEMP after that has failed again
        continue;
      }
      if (!retried && (await post('retry'))) retried = true;
      else if (retried && late > 0) late -= 1;
      else {
        await post('fail');
        throw failure('LcmOperationFailed', retried ? `${told}, after a retry as well` : told);
      }
    }
  }

  /**
   * Until nothing is open, so that the instance can go: cancelled where it goes on, failed where it waits; what was too far to be
   * cancelled has ended. A termination is what is wanted, and left to complete.
   */
  async function close(instance: string, key: string, wait: Wait): Promise<void> {
    const opened = await open(instance, wait.signal);
    if (opened === undefined) return;
    if (opened.lcmOperation === 'TERMINATE') return void (await complete(opened.id, key, wait));
    const post = async (call: string, json?: CancelRequest): Promise<unknown> =>
      await meo.ask(
        { method: 'POST', path: `${pathOf(opened.id)}/${call}`, json, alsoExpect: NOT_NOW, key },
        wait.signal,
      );
    let strange = 0;
    for (let cancelled = false; strange <= LOOKS; await wait.pause()) {
      const operation = await read(opened.id, wait.signal);
      if (operation === undefined || !isOpen(operation)) return;
      wait.progress(`closing operation ${operation.id}, which is ${scrubbed(operation.operationState)}`);
      strange += GOES_ON.some((state) => state === operation.operationState) ? 0 : 1;
      if (operation.operationState === 'FAILED_TEMP') await post('fail');
      else if (operation.operationState === 'PROCESSING' && !cancelled) {
        cancelled = true;
        await post('cancel', { CancelMode: 'FORCED' });
      }
    }
  }

  /**
   * Has a termination of this instance completed, whoever asked for it, and has nothing begun since that may have started it?
   * `began`: one that is known by its id, where the MEO keeps no list, or lists none of an instance that is gone.
   */
  async function terminated(instance: string, began: string | undefined, signal: AbortSignal): Promise<boolean> {
    const isOf = ({ id, appInstance = '' }: AppLcmOpOcc): boolean =>
      id !== began && lastSegment(appInstance) === instance;
    const listed = async (which: string, wanted: (each: AppLcmOpOcc) => boolean) =>
      await everyPage(meo, `${appLcmOpOccs}?all_fields${which}`, AppLcmOpOcc, signal, NO_SERVICE, wanted);
    const own = began === undefined ? undefined : await read(began, signal, NO_SERVICE);
    const ends = await listed(`&${equals('lcmOperation', 'TERMINATE')}`, (each) => isOf(each) && hasEnded(each));
    const all = own !== undefined && hasEnded(own) ? [own, ...ends] : ends;
    if (all.length === 0) return false;
    const starts = await listed('', (each) => isOf(each) && mayHaveStarted(each));
    return all.some((end) => {
      // When it began nobody may tell; what we began ourselves was the last that we know of
      const untold = end.id === began ? -Infinity : Infinity;
      return !starts.some(({ startTime = untold }) => startTime > (end.startTime ?? -untold));
    });
  }

  /** Begins it and tells the operation; a status of 300 and more: the instance's state forbids it, as far as the peer knows. */
  async function begin(
    instance: string,
    { call, json }: Task,
    key: string,
    signal: AbortSignal,
  ): Promise<{ readonly operation: string | undefined; readonly status: number; readonly told: string }> {
    const path = `${appInstances}/${encodeURIComponent(instance)}/${call}`;
    const { status, location, told } = await meo.ask({ method: 'POST', path, json, alsoExpect: CONFLICT, key }, signal);
    return { operation: idIn(appLcmOpOccs, location), status, told };
  }

  return { open, complete, close, begin, terminated };
};

const pathOf = (id: string): string => `${appLcmOpOccs}/${encodeURIComponent(id)}`;

const hasEnded = ({ lcmOperation, operationState }: AppLcmOpOcc): boolean =>
  lcmOperation === 'TERMINATE' && operationState === 'COMPLETED';

const mayHaveStarted = ({ lcmOperation, operationState }: AppLcmOpOcc): boolean =>
  lcmOperation !== 'TERMINATE' && operationState !== 'FAILED' && operationState !== 'ROLLED_BACK';

const isOpen = ({ operationState }: AppLcmOpOcc): boolean => !ENDED.some((state) => state === operationState);
