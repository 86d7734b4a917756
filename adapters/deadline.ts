/** Aborts after a while, unless it is put off: what is long may take long, as long as it goes on coming. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number) {
    this.#timer = setTimeout(() => this.#controller.abort(), ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get passed(): boolean {
    return this.#controller.signal.aborted;
  }

  putOff(): void {
    this.#timer.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** How much has to come before the deadline of a stream is put off: who sends one byte at a time wins nothing. */
export const PROGRESS_BYTES = 64 * 1024;
