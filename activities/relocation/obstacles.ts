import { failures, isFailureType, type FailureType } from '../../domain/failures.ts';
import type { Plan } from '../../domain/relocation.ts';

const OUT_OF_TIME = 'what was asked there was not answered in the time that this look has';

/** What stands in the way. */
export interface Obstacle {
  readonly type: FailureType;
  readonly where: string;
  readonly detail: string;
}

/** As a plan tells it. */
export const inWords = ({ type, where, detail }: Obstacle): Plan['obstacles'][number] => ({
  failure: type,
  where,
  detail,
  remedy: failures[type].remedy,
});

/** Collects what stands in the way of a relocation, in the order in which it is found. */
export class Obstacles {
  readonly met: Obstacle[] = [];
  readonly #everything: boolean;
  readonly #signal: AbortSignal;

  /** `everything`: whatever cannot be asked is an obstacle too; otherwise what may pass is thrown on, and asked again. */
  constructor(everything: boolean, signal: AbortSignal) {
    this.#everything = everything;
    this.#signal = signal;
  }

  add(type: FailureType, where: string, detail: string): void {
    this.met.push({ type, where, detail });
  }

  at(where: string): boolean {
    return this.met.some((obstacle) => obstacle.where === where);
  }

  /** What was asked there, or `otherwise` where that could not be. */
  async asking<T>(otherwise: T, where: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      const type = error instanceof Error && 'type' in error ? error.type : undefined;
      if (!isFailureType(type) || (!this.#everything && failures[type].retry)) throw error;
      this.add(type, where, this.#signal.aborted ? OUT_OF_TIME : (error as Error).message);
      return otherwise;
    }
  }
}
