import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { atOnce } from '../../domain/at-once.ts';
import { Refusal } from '../../domain/failures.ts';
import { parseRelocationId } from '../../domain/identity.ts';
import type { RelocationResult } from '../../domain/relocation.ts';
import { status } from '../../workflows/messages.ts';
import type { Relocation } from '../resources.ts';
import { isWaits } from '../../domain/waits.ts';
import { type Seen, seenIn } from '../seen.ts';
import { UNKNOWN } from '../problem.ts';
import { ByHand } from './by-hand.ts';
import { type Links, relocationOf, type Told } from '../view.ts';

/** One call of Temporal, its retries included. */
export const CALL_MS = 3_000;
const STATUS_MS = 2_000;
/** Of those that a list tells of. */
const AT_ONCE = 10;

/** Reads relocations: from what Temporal knows, and from the workflow itself where a worker answers for it. */
export class Reader {
  readonly #temporal: Client;
  readonly #links: Links;
  readonly #byHand: ByHand;

  constructor(temporal: Client, temporalUi: string | undefined) {
    this.#temporal = temporal;
    this.#byHand = new ByHand(temporal);
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
        this.see(await this.#temporal.workflow.getHandle(workflowId, runId).describe()),
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
    // Its own word is the later one, and may come before Temporal has it: whoever hears of the end may start the next one
    if (typeof told !== 'string' && told.state === 'ended') {
      const ended = { ...seen, ended: 'withResult', endedAt: told.since } as const;
      await this.#result(ended).catch(() => undefined); // it takes longer than anybody waits here
      // When it ended is what lists show as well; its own instant is a moment earlier
      const known = await this.lookAt(seen.workflowId, seen.runId).catch(() => undefined);
      return relocationOf({ ...ended, endedAt: known?.endedAt ?? told.since }, told, told.result, this.#links);
    }
    return relocationOf(seen, told, await this.#result(seen), this.#links);
  }

  /** A run that somebody has started by hand has no memo; what it is about stands in its history. */
  async see(info: WorkflowExecutionInfo | WorkflowExecutionDescription): Promise<Seen | undefined> {
    return seenIn(info) ?? seenIn(info, await this.#byHand.orderOf(info));
  }

  /** From what Temporal knows alone. */
  brief(seen: Seen): Relocation {
    return relocationOf(seen, 'notAsked', null, this.#links);
  }

  /**
   * As they are shown in lists: without results; of those that run, what is under way. The workflow itself is asked where
   * Temporal knows of nothing under way, or of a watch beside one that waits, and no other once no worker has answered.
   */
  async entries(listed: readonly Seen[]): Promise<readonly Relocation[]> {
    let silent = false;
    return await atOnce(AT_ONCE, listed, async (seen) => {
      if (seen.ended !== undefined) return this.brief(seen);
      const now = (await this.lookAt(seen.workflowId, seen.runId)) ?? seen;
      if (now.ended !== undefined || (now.pending !== undefined && !isWaiting(now))) return this.brief(now);
      const told = silent ? 'silent' : await this.ask(now);
      silent ||= told === 'silent';
      return { ...relocationOf(now, told, null, this.#links), durationsMs: {} }; // alike, whether it was asked or not
    });
  }

  async #result({ workflowId, runId, ended }: Seen): Promise<RelocationResult | null> {
    if (ended !== 'withResult') return null;
    return await this.#temporal.withDeadline(
      Date.now() + CALL_MS,
      async () => (await this.#temporal.workflow.getHandle(workflowId, runId).result()) as RelocationResult,
    );
  }
}

const isWaiting = ({ outcome }: Seen): boolean => outcome !== undefined && isWaits(outcome);
