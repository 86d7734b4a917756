/** What was counted in a window, by the devices themselves (sandbox/README.md). */
export interface Figures {
  readonly requests: number;
  readonly lost: number;
  readonly givenUp: number;
  readonly stale: number;
  readonly doubled: number;
  readonly longestGapMs: number;
}

/** What a window tells: of each kind of device by its name (`resolving`, `keeping`, `clamping`), and of all together. */
export interface Counted {
  readonly durationMs: number;
  readonly byKind: Readonly<Record<string, Figures>>;
  readonly total: Figures;
}

/** The sandbox's devices, through its control. Throws an Error with the control's answer when that refuses. */
export class Devices {
  readonly #control: string;

  constructor(control: string) {
    this.#control = control;
  }

  async start(devices: number, rate: number): Promise<void> {
    await this.#ask('POST', '/fleet', { devices, rate });
  }

  async openWindow(name: string): Promise<void> {
    await this.#ask('POST', '/windows', { name });
  }

  /** Waits until every write that became due in it was answered or given up. */
  async closeWindow(name: string): Promise<Counted> {
    return (await this.#ask('DELETE', `/windows/${encodeURIComponent(name)}`)) as Counted;
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${this.#control}/sandbox/devices${path}`, {
      method,
      signal: AbortSignal.timeout(30_000),
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`the sandbox answered ${answer.status} to ${method} ${path}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
