import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { atOnce } from '../../domain/at-once.ts';
import { Refusal } from '../../domain/failures.ts';
import type { FollowerResult } from '../../domain/follower-request.ts';
import { followerIdOf, followerWorkflowId } from '../../domain/identity.ts';
import { FOLLOWERS } from '../../temporal/following.ts';
import { type FollowerMemo, followerStanding, type FollowerStanding } from '../../workflows/messages.ts';
import type { Follower } from '../follower.ts';
import { indexed } from './index-of-runs.ts';
import { CALL_MS } from './reader.ts';

type Info = WorkflowExecutionInfo | WorkflowExecutionDescription;

const STATUS_MS = 2_000;
const AT_ONCE = 10;

/** Reads followers: what was asked stands in the memo, where one stands it says itself, where a worker answers for it. */
export class FollowerReader {
  readonly #temporal: Client;
  readonly #temporalUi: string | undefined;

  constructor(temporal: Client, temporalUi: string | undefined) {
    [this.#temporal, this.#temporalUi] = [temporal, temporalUi];
  }

  /** The latest of this id. Throws a Refusal (UnknownFollower). */
  async look(id: string): Promise<WorkflowExecutionDescription> {
    try {
      const handle = this.#temporal.workflow.getHandle(followerWorkflowId(id));
      const seen = await this.#within(CALL_MS, async () => await handle.describe());
      if (isOurs(seen)) return seen;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    throw new Refusal('UnknownFollower', 'no follower has this id; one that has ended is kept for a while');
  }

  async read(id: string): Promise<Follower> {
    return await this.#show(await this.look(id));
  }

  async page(limit: number, token?: Uint8Array): Promise<{ followers: readonly Follower[]; token: Uint8Array }> {
    const page = await indexed(this.#temporal, FOLLOWERS, limit, token);
    const followers = await atOnce(AT_ONCE, page.infos.filter(isOurs), async (info) => await this.#show(info));
    return { followers, token: page.token };
  }

  async #show(info: Info): Promise<Follower> {
    const { request } = info.memo as unknown as FollowerMemo;
    const { workflowId, runId, startTime, closeTime, status } = info;
    const id = followerIdOf(workflowId);
    const link = `${this.#temporalUi}/namespaces/${this.#temporal.options.namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}`;
    const standing = status.name === 'RUNNING' ? await this.#ask(info) : null;
    const result = status.name === 'COMPLETED' ? await this.#result(info) : null;
    const over = status.name === 'COMPLETED' ? 'ended' : 'terminated';
    return {
      id,
      request,
      state: status.name === 'RUNNING' ? (standing?.doing ?? null) : over,
      ...shown(standing),
      moves: standing?.following.moves ?? result?.moves ?? null,
      startedAt: startTime.toISOString(),
      endedAt: closeTime?.toISOString() ?? null,
      result,
      links: { self: `/v1/followers/${id}`, temporal: this.#temporalUi === undefined ? null : link },
    };
  }

  async #ask({ workflowId }: Info): Promise<FollowerStanding | null> {
    try {
      const run = this.#temporal.workflow.getHandle(workflowId); // whichever continues it by now
      return await this.#within(STATUS_MS, async () => await run.query(followerStanding));
    } catch {
      return null;
    }
  }

  async #result({ workflowId, runId }: Info): Promise<FollowerResult> {
    const run = this.#temporal.workflow.getHandle(workflowId, runId);
    return await this.#within(CALL_MS, async () => (await run.result()) as FollowerResult);
  }

  async #within<T>(ms: number, work: () => Promise<T>): Promise<T> {
    return await this.#temporal.withDeadline(Date.now() + ms, work);
  }
}

type Shown = Pick<Follower, 'network' | 'since' | 'site' | 'dueAt' | 'relocation' | 'anchor' | 'trouble'>;

function shown(standing: FollowerStanding | null): Shown {
  if (standing === null)
    return { network: null, since: null, site: null, dueAt: null, relocation: null, anchor: null, trouble: null };
  const { following, site, dueAt, relocation, anchor = null, trouble, unanswered = null } = standing;
  return {
    network: following.network,
    since: new Date(following.since).toISOString(),
    site,
    dueAt,
    relocation,
    anchor,
    trouble: trouble ?? unanswered,
  };
}

/** Somebody may have started one by hand, without a memo. */
const isOurs = ({ type, memo }: Info): boolean => type === 'followDevice' && memo?.['request'] !== undefined;
