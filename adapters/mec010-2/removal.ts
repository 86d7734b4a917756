import { failure } from '../../activities/failure.ts';
import type { Wait } from '../../activities/ports.ts';
import { failures, isFailureType } from '../../domain/failures.ts';
import type { TerminateAppRequest } from '../../protocols/mec010-2/life-cycle.ts';
import { type Exchange, GONE } from '../http.ts';
import { instancePath, isInstantiated, type lifeCycle } from './life-cycle.ts';
import { LOOKS } from './operations.ts';

/** Seconds for an application to close its files: its clients have left before. */
const GRACE = 5;

/** What could not be seen: it is gone on without, and told in the end. */
class Blindness {
  readonly #reasons: (Error & { readonly type: string })[] = [];

  async seeing<T>(look: () => Promise<T>): Promise<T | undefined> {
    try {
      return await look();
    } catch (error) {
      if (!isFailureType((error as { type?: unknown }).type)) throw error;
      this.#reasons.push(error as Error & { type: string });
      return undefined;
    }
  }

  /** One that may pass first: then it is tried again. */
  get reason(): Error | undefined {
    return this.#reasons.find(({ type }) => isFailureType(type) && failures[type].retry) ?? this.#reasons[0];
  }
}

/**
 * The way back must not depend on an answer that fails: where a list, an instance or an operation cannot be seen, what is known
 * by its id is stopped, terminated and deleted all the same, and only then the failure is told.
 */
export const removal = (meo: Exchange, { operations, look, read, bring, isGone }: ReturnType<typeof lifeCycle>) => {
  /** What refused it; undefined: nothing did. */
  async function terminated(id: string, key: string, wait: Wait, blind: Blindness): Promise<string | undefined> {
    const json: TerminateAppRequest = { terminationType: 'GRACEFUL', gracefulTerminationTimeout: GRACE };
    const { operation, status, told } = await operations.begin(id, { call: 'terminate', json }, key, wait.signal);
    await blind.seeing(async () =>
      operation === undefined ? await operations.close(id, key, wait) : await operations.complete(operation, key, wait),
    );
    return status < 300 ? undefined : told;
  }

  async function dismantle(id: string, key: string, wait: Wait): Promise<void> {
    const blind = new Blindness();
    await blind.seeing(async () => await operations.close(id, key, wait));
    const info = await blind.seeing(async () => await read(id, wait.signal));
    const refused = info === undefined || isInstantiated(info) ? await terminated(id, key, wait, blind) : undefined;
    for (let looks = 1; ; looks += 1) {
      const call = { method: 'DELETE', path: instancePath(id), alsoExpect: [403, 409, ...GONE], key } as const;
      const { status, told } = await meo.ask(call, wait.signal);
      if (status < 300 || GONE.includes(status)) return;
      const gone = await blind.seeing(async () => (await read(id, wait.signal)) === undefined);
      if (gone === true && info !== undefined) return;
      // What has to come before is what is to be mended
      const why = refused === undefined ? told : `${refused}; ${told}`;
      if (looks === LOOKS) throw blind.reason ?? failure('Conflict', why);
      wait.progress(`instance ${id} is not deleted yet: ${why}`);
      await wait.pause();
    }
  }

  /** By its id that very one; by the key whatever was created under it, late or twice, by a call whose answer was lost. */
  async function remove(id: string, key: string, wait: Wait): Promise<void> {
    const blind = new Blindness();
    if (id === key) {
      const named = await blind.seeing(async () => await look('appInstanceName', key, wait.signal));
      for (const { id: each } of named ?? []) await blind.seeing(async () => await dismantle(each, key, wait));
    } else {
      const gone = await blind.seeing(async () => await isGone(id, wait.signal));
      if (gone !== true) await blind.seeing(async () => await dismantle(id, key, wait));
    }
    if (blind.reason !== undefined) throw blind.reason;
  }

  async function stop(id: string, key: string, wait: Wait): Promise<void> {
    const json = { changeStateTo: 'STOPPED', stopType: 'GRACEFUL', gracefulStopTimeout: GRACE } as const;
    const task = { call: 'operate', json } as const;
    const blind = new Blindness();
    const info = await blind.seeing(async () => await read(id, wait.signal));
    const gone = info === undefined && (await blind.seeing(async () => await isGone(id, wait.signal)));
    if (gone === true || (info !== undefined && !isInstantiated(info))) return;
    if (info !== undefined) {
      await bring(id, task, (seen) => seen.instantiatedAppState?.operationalState === 'STOPPED', key, wait);
      return;
    }
    const { operation, told } = await operations.begin(id, task, key, wait.signal);
    if (operation !== undefined) await blind.seeing(async () => await operations.complete(operation, key, wait));
    throw blind.reason ?? failure('NotYet', `${told}, but what became of instance ${id} is not to be seen`);
  }

  /** Users wait, and whoever is taken to be dead says no farewell: FORCEFUL. */
  async function end(id: string, key: string, wait: Wait): Promise<'operation' | 'written'> {
    const blind = new Blindness();
    const began = `end of ${id}`;
    await blind.seeing(async () => await operations.close(id, key, wait));
    const info = await blind.seeing(async () => await read(id, wait.signal));
    if (info === undefined || isInstantiated(info)) {
      const task = { call: 'terminate', json: { terminationType: 'FORCEFUL' } } as const;
      const { operation, status, told } = await operations.begin(id, task, key, wait.signal);
      if (operation !== undefined) {
        wait.keep(began, operation);
        if (await operations.complete(operation, key, wait)) return 'operation';
      } else if (status < 300 || (info !== undefined && isInstantiated(info))) {
        await operations.close(id, key, wait);
        const left = await read(id, wait.signal);
        if (isInstantiated(left)) throw failure(status < 300 ? 'NotYet' : 'Conflict', told);
      }
    }
    return (await operations.terminated(id, wait.kept(began), wait.signal)) ? 'operation' : 'written';
  }

  return { dismantle, remove, stop, end };
};
