import { CancellationScope } from '@temporalio/workflow';

type Undo = () => Promise<void>;

/** Remembers how to undo each step of a procedure. */
export class Saga {
  readonly #undos = new Map<string, Undo>();

  /** A step that is done again, since everything is verified anew, keeps its first place. */
  async step<T>(name: string, action: () => Promise<T>, undo: Undo): Promise<T> {
    this.#undos.set(name, undo); // first: an activity may take effect and still be reported as failed
    return await action();
  }

  /** It is known that this step had no effect. */
  forget(name: string): void {
    this.#undos.delete(name);
  }

  /** Undoes everything, latest first, even while the workflow is being cancelled. Returns what could not be undone. */
  async rollBack(): Promise<string[]> {
    return await CancellationScope.nonCancellable(async () => {
      const leftovers: string[] = [];
      for (const [name, undo] of [...this.#undos].toReversed()) await undo().catch(() => void leftovers.push(name));
      return leftovers;
    });
  }
}
