/**
 * The way back of a procedure: which undo may be done when. The latest goes first, and none before those that it needs:
 * as long as a path may lead to an instance, the instance lives. Pure; the kit drives it, and so does an exploration of
 * every order of failures.
 */
export class Undoing {
  readonly #needs = new Map<string, readonly string[]>();
  readonly #failed = new Set<string>();

  /** Registered before the step: it may take effect and still be reported as failed. Once more: keeps its place. */
  add(undo: string, needs: readonly string[]): void {
    this.#needs.set(undo, needs);
  }

  /** It is known that the step had no effect. */
  forget(undo: string): void {
    this.#needs.delete(undo);
  }

  /** The next one to try; undefined: nothing is left, or all that is left has failed or waits for one that has. */
  next(): string | undefined {
    return this.left
      .toReversed()
      .find((undo) => !this.#failed.has(undo) && !this.#needs.get(undo)?.some((need) => this.#needs.has(need)));
  }

  succeeded(undo: string): void {
    this.#needs.delete(undo);
  }

  failed(undo: string): void {
    this.#failed.add(undo);
  }

  /** What has failed may be tried again. */
  again(): void {
    this.#failed.clear();
  }

  /** In the order of their steps. */
  get left(): readonly string[] {
    return [...this.#needs.keys()];
  }
}
