import type { Descriptor } from '../packages.ts';
import { Refused } from '../problem.ts';
import { type RunningInstance, startInstance } from '../runner.ts';
import type { Platform } from './platform.ts';

/** Of a range: 1 to this. */
const ADDRESSES = 250;

/** A MEC host: a platform, and addresses on which application instances run as processes. */
export class Host {
  readonly id: string;
  readonly platform: Platform;
  /** The first three numbers of its instances' addresses. */
  readonly #range: string;
  readonly #capacity: number;
  readonly #places = new Map<string, string>();
  #last = 0;

  constructor(id: string, platform: Platform, range: string, capacity: number) {
    this.id = id;
    this.platform = platform;
    this.#range = range;
    this.#capacity = capacity;
  }

  get full(): boolean {
    return this.#places.size >= Math.min(this.#capacity, ADDRESSES);
  }

  /** Keeps a place for an instance: not the address of one that left just now, which devices may still have cached. */
  take(instance: string): void {
    if (this.full) throw new Refused(409, `host ${this.id} is full`);
    const taken = new Set(this.#places.values());
    do {
      this.#last = (this.#last % ADDRESSES) + 1;
    } while (taken.has(`${this.#range}.${this.#last}`));
    this.#places.set(instance, `${this.#range}.${this.#last}`);
  }

  address(instance: string): string | undefined {
    return this.#places.get(instance);
  }

  /** The platform knows it first. Who is told that its process could not be started lets it leave. */
  async begin(instance: string, archive: Buffer, descriptor: Descriptor): Promise<RunningInstance> {
    this.platform.admit(instance, descriptor, this.#place(instance));
    return await this.run(instance, archive);
  }

  /** Starts its process, at first or again. */
  async run(instance: string, archive: Buffer): Promise<RunningInstance> {
    const env = { PLATFORM_URL: this.platform.url };
    return await startInstance({ id: instance, archive, address: this.#place(instance), env });
  }

  /** Its place is free again, and the platform forgets it. */
  leave(instance: string): void {
    this.platform.dismiss(instance);
    this.#places.delete(instance);
  }

  #place(instance: string): string {
    const address = this.#places.get(instance);
    if (address === undefined) throw new Error(`instance ${instance} has no place on host ${this.id}`);
    return address;
  }
}
