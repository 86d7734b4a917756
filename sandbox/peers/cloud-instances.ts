import { type RunningInstance, startInstance } from '../runner.ts';

/** The instances of a cloud: real processes. A stopped one keeps its name, its package and its address. */

const GRACE_MS = 2_000;

/** As the API shows it. */
export interface InstanceInfo {
  readonly name: string;
  readonly appDId: string;
  readonly packageId: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly state: 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';
  readonly endpoint: { readonly host: string; readonly port: number };
  /** In this state since; ISO 8601. */
  readonly since: string;
  readonly detail: string | null;
}

export class CloudInstance {
  info: InstanceInfo;
  deleting = false;
  readonly #archive: Buffer;
  #process: RunningInstance | null = null;
  /** Changes are made one after the other; only the latest one says what state it is in. */
  #turn: Promise<void> = Promise.resolve();
  #changes = 0;

  constructor(info: Pick<InstanceInfo, 'name' | 'appDId' | 'packageId' | 'parameters' | 'endpoint'>, archive: Buffer) {
    this.info = { ...info, state: 'stopped', since: new Date().toISOString(), detail: null };
    this.#archive = archive;
  }

  start(): void {
    this.#change('starting', async () => {
      const { name, endpoint } = this.info;
      this.#process ??= await startInstance({ id: name, archive: this.#archive, address: endpoint.host });
      void this.#watch(this.#process);
      return 'running';
    });
  }

  stop(graceMs = GRACE_MS): void {
    this.#change('stopping', async () => await this.#end(graceMs));
  }

  /** Calls back when it is gone. */
  delete(gone: () => void): void {
    this.deleting = true;
    this.#change('stopping', async () => {
      await this.#end(GRACE_MS);
      gone();
      return 'stopped';
    });
  }

  /** Shows this state until something else is asked of it. */
  stayIn(state: 'starting' | 'stopping'): void {
    this.#changes += 1;
    this.#enter(state);
  }

  async kill(): Promise<void> {
    await this.#process?.stop(0);
  }

  #change(meanwhile: 'starting' | 'stopping', work: () => Promise<InstanceInfo['state']>): void {
    this.#changes += 1;
    this.#enter(meanwhile);
    this.#turn = this.#make(this.#changes, this.#turn, work);
  }

  async #make(change: number, earlier: Promise<void>, work: () => Promise<InstanceInfo['state']>): Promise<void> {
    await earlier;
    let detail: string | null = null;
    const state = await work().catch((error: Error) => {
      detail = error.message;
      return 'failed' as const;
    });
    if (change === this.#changes) this.#enter(state, detail);
  }

  #enter(state: InstanceInfo['state'], detail: string | null = null): void {
    this.info = { ...this.info, state, since: new Date().toISOString(), detail };
  }

  async #end(graceMs: number): Promise<'stopped'> {
    const process = this.#process;
    this.#process = null; // nobody is to take its end for a failure
    await process?.stop(graceMs);
    return 'stopped';
  }

  async #watch(process: RunningInstance): Promise<void> {
    const status = await process.exited;
    if (this.#process !== process) return;
    this.#process = null;
    if (this.info.state === 'running') this.#enter('failed', `it ended by itself (${status ?? 'killed'})`);
  }
}
