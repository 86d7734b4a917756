import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { atOnce } from '../../domain/at-once.ts';
import { type ContractSeen, contractSeen, type Ended } from '../../domain/contract-seen.ts';
import type { Seen } from '../seen.ts';
import { listed, queryFor } from './index-of-runs.ts';
import type { Reader } from './reader.ts';

/** Of the relocations of an application the latest that have ended. */
const LOOKED_AT = 10;
const AT_ONCE = 5;
const REMEMBERED = 1_000;

/** What relocations have seen of applications. A result is for ever the same: each is read once. */
export class Contracts {
  readonly #temporal: Client;
  readonly #reader: Reader;
  readonly #read = new Map<string, Ended | undefined>();

  constructor(temporal: Client, reader: Reader) {
    [this.#temporal, this.#reader] = [temporal, reader];
  }

  /** Throws what Temporal says. */
  async of(application: string): Promise<ContractSeen & { readonly lookedAt: number }> {
    const { seen } = await listed(this.#temporal, queryFor({ application, state: 'ended' }), LOOKED_AT);
    const ended = await atOnce(AT_ONCE, seen, async (one) => {
      if (this.#read.has(one.id)) return this.#read.get(one.id);
      const read = await this.#endOf(one);
      this.#read.set(one.id, read);
      for (const oldest of [...this.#read.keys()].slice(0, -REMEMBERED)) this.#read.delete(oldest);
      return read;
    });
    const told = ended.flatMap((one) => one ?? []);
    return { ...contractSeen(told), lookedAt: told.length };
  }

  /** Undefined: it was ended from outside, or Temporal does not keep it any more though its index still does. */
  async #endOf(seen: Seen): Promise<Ended | undefined> {
    try {
      const { id, endedAt, result } = await this.#reader.show(seen, 'notAsked');
      return result === null ? undefined : { relocation: id, at: endedAt ?? seen.startedAt, result };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }
}
