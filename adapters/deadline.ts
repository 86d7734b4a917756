import { setMaxListeners } from 'node:events';

/**
 * Aborts after a while, unless it is put off: what is long may take long, as long as it goes on coming. And, until it ends,
 * with `other`: one is made for each call, and `AbortSignal.any` costs much of what the call itself does.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #other: AbortSignal | undefined;
  #passed = false;

  constructor(ms: number, other?: AbortSignal) {
    this.#other = other;
    this.#timer = setTimeout(() => {
      this.#passed = true;
      this.#controller.abort();
    }, ms);
    if (other !== undefined) setMaxListeners(0, other); // a step asks as much at once as it likes, and Node would warn of it
    if (other?.aborted === true) this.#follow();
    else other?.addEventListener('abort', this.#follow);
  }

  readonly #follow = (): void => this.#controller.abort(this.#other?.reason);

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get passed(): boolean {
    return this.#passed;
  }

  putOff(): void {
    this.#timer.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#other?.removeEventListener('abort', this.#follow);
  }
}

/** How much has to come before the deadline of a stream is put off: who sends one byte at a time wins nothing. */
export const PROGRESS_BYTES = 64 * 1024;
