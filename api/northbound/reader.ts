import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { Refusal } from '../../domain/failures.ts';
import { parseRelocationId } from '../../domain/identity.ts';
import type { RelocationResult } from '../../domain/relocation.ts';
import { status } from '../../workflows/messages.ts';
import type { Relocation } from '../resources.ts';
import { type Seen, seenIn } from '../seen.ts';
import { UNKNOWN } from '../problem.ts';
import { type Links, relocationOf, type Told } from '../view.ts';

/** One call of Temporal, its retries included. */
export const CALL_MS = 3_000;
const STATUS_MS = 2_000;

/** Reads relocations: from what Temporal knows, and from the workflow itself where a worker answers for it. */
export class Reader {
  readonly #temporal: Client;
  readonly #links: Links;

  constructor(temporal: Client, temporalUi: string | undefined) {
    this.#temporal = temporal;
    this.#links = { temporalUi, namespace: temporal.options.namespace };
  }

  /** Throws a Refusal (UnknownRelocation). */
  async read(id: string): Promise<Relocation> {
    const seen = await this.look(id);
    return await this.show(seen, await this.ask(seen));
  }

  /** Throws a Refusal (UnknownRelocation). */
  async look(id: string): Promise<Seen> {
    const run = parseRelocationId(id);
    const seen = run === undefined ? undefined : await this.lookAt(run.workflowId, run.runId);
    if (seen === undefined) throw new Refusal('UnknownRelocation', UNKNOWN);
    return seen;
  }

  /** By workflow id alone: its latest run. */
  async lookAt(workflowId: string, runId?: string): Promise<Seen | undefined> {
    try {
      return await this.#temporal.withDeadline(Date.now() + CALL_MS, async () =>
        seenIn(await this.#temporal.workflow.getHandle(workflowId, runId).describe()),
      );
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  /** The workflow's own word. */
  async ask({ workflowId, runId, ended }: Seen): Promise<Told> {
    if (ended !== undefined) return 'notAsked';
    try {
      return await this.#temporal.withDeadline(Date.now() + STATUS_MS, async () =>
        this.#temporal.workflow.getHandle(workflowId, runId).query(status),
      );
    } catch {
      return 'silent';
    }
  }

  async show(seen: Seen, told: Told): Promise<Relocation> {
    // It may end between the two questions: its own word is the later one
    if (typeof told !== 'string' && told.state === 'ended')
      return relocationOf({ ...seen, ended: 'withResult', endedAt: told.since }, told, told.result, this.#links);
    return relocationOf(seen, told, await this.#result(seen), this.#links);
  }

  /** As it is shown in lists: without its result. */
  entry(seen: Seen): Relocation {
    return relocationOf(seen, 'notAsked', null, this.#links);
  }

  async #result({ workflowId, runId, ended }: Seen): Promise<RelocationResult | null> {
    if (ended !== 'withResult') return null;
    return await this.#temporal.withDeadline(
      Date.now() + CALL_MS,
      async () => (await this.#temporal.workflow.getHandle(workflowId, runId).result()) as RelocationResult,
    );
  }
}
