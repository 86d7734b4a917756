import type { Counted } from '../domain/counted.ts';

/** The sandbox's devices, through its control. Throws an Error with the control's answer when that refuses. */
export class Devices {
  readonly #control: string;

  constructor(control: string) {
    this.#control = control;
  }

  /** `rate`: writes per second of each in a window; `rest`: outside. */
  async start(devices: number, { rate, rest }: { readonly rate: number; readonly rest: number }): Promise<void> {
    await asked(this.#control, 'POST', '/devices/fleet', { devices, rate, rest });
  }

  async openWindow(name: string): Promise<void> {
    await asked(this.#control, 'POST', '/devices/windows', { name });
  }

  /** Waits until every write that became due in it was answered or given up. */
  async closeWindow(name: string): Promise<Counted> {
    return (await asked(this.#control, 'DELETE', `/devices/windows/${encodeURIComponent(name)}`)) as Counted;
  }
}

/** Of the application `navigation`: what it was told by its platform, and what came of its calls. */
export interface NavigationCounts {
  readonly service: string | null;
  readonly answered: number;
  /** Milliseconds since 1970. */
  readonly lastAnswerAt: number | null;
}

/** The sandbox's application that uses what its platform tells it of, whoever serves that. Throws as `Devices` does. */
export class Navigation {
  readonly #control: string;

  constructor(control: string) {
    this.#control = control;
  }

  /** Counts anew. */
  async start(perSecond: number): Promise<void> {
    await asked(this.#control, 'POST', '/assistant/navigation', { perSecond });
  }

  async counts(): Promise<NavigationCounts> {
    return (await asked(this.#control, 'GET', '/assistant/navigation')) as NavigationCounts;
  }

  async stop(): Promise<void> {
    await asked(this.#control, 'DELETE', '/assistant/navigation');
  }
}

/** Hosts of the sandbox, on this machine: one freezes, and its orchestrator cannot reach it. Throws as `Devices` does. */
export class Hosts {
  readonly #control: string;

  constructor(control: string) {
    this.#control = control;
  }

  /** The instance by which all devices were answered last; undefined: by several. */
  async serving(): Promise<string | undefined> {
    const { devices } = (await asked(this.#control, 'GET', '/state')) as Served;
    const [only, ...more] = new Set(devices.devices.map(({ instance }) => instance));
    return only == null || more.length > 0 ? undefined : only;
  }

  async freeze(instance: string): Promise<void> {
    await asked(this.#control, 'POST', '/faults', {
      peer: 'meo-cellular',
      operation: 'POST /app_lcm/v1/app_instances/*/terminate',
      kind: 'status',
      status: 503,
    });
    process.kill(await this.#pid(instance), 'SIGSTOP');
  }

  async wake(instance: string): Promise<void> {
    process.kill(await this.#pid(instance), 'SIGCONT');
  }

  /** Its orchestrator reaches it again. */
  async mend(): Promise<void> {
    await asked(this.#control, 'DELETE', '/faults');
  }

  async #pid(instance: string): Promise<number> {
    const processes = (await asked(this.#control, 'GET', '/processes')) as { name: string; pid: number }[];
    const found = processes.find(({ name }) => name === instance);
    if (found === undefined) throw new Error(`no process of instance ${instance} runs in the sandbox`);
    return found.pid;
  }
}

interface Served {
  readonly devices: { readonly devices: readonly { readonly instance: string | null }[] };
}

async function asked(control: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${control}/sandbox${path}`, {
    method,
    signal: AbortSignal.timeout(30_000),
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the sandbox answered ${answer.status} to ${method} ${path}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
