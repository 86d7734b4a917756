import type { AnchorRequest } from '../../domain/anchor-request.ts';
import type { Followed } from '../../domain/following.ts';
import type { Wait } from '../ports.ts';
import { until } from '../waiting.ts';
import type { FollowOrder } from './follow.ts';

/** An anchor may wait for a person. */
const FOR_GOOD = Number.POSITIVE_INFINITY;

/** Anchors, as a follower begins them and gives them back. */
export interface Ways {
  /** Of these users in this network: begun once, however often that is asked. `own`: by this follower. */
  begin(
    request: AnchorRequest,
    follower: string,
    signal: AbortSignal,
  ): Promise<{ readonly id: string; readonly own: boolean }>;
  /** That this follower has begun, and that runs; null: none. */
  begun(
    of: Pick<AnchorRequest, 'application' | 'users' | 'network'>,
    follower: string,
    signal: AbortSignal,
  ): Promise<string | null>;
  /** Null: devices are led; else why they never will be. Undefined: not yet known. */
  holds(id: string, signal: AbortSignal): Promise<{ readonly why: string } | null | undefined>;
  /** One that has ended is released. */
  release(id: string, signal: AbortSignal): Promise<void>;
}

/** What leads the device of one follower, in one look. What it has begun is kept, so that the next attempt knows it. */
export class Leading {
  readonly #ways: Ways;
  readonly #order: FollowOrder;
  readonly #wait: Wait;
  #anchor: string | null;

  constructor(ways: Ways, order: FollowOrder, wait: Wait) {
    this.#ways = ways;
    this.#order = order;
    this.#wait = wait;
    this.#anchor = wait.kept('anchor') ?? order.anchor ?? null;
  }

  /** Whoever was killed when he had begun one has told nobody: it would lead the device for ever. */
  async finds(): Promise<void> {
    const { application, user: users, network, follower } = this.#order;
    const begun = await this.#ways.begun({ application, users, network }, follower, this.#wait.signal);
    this.#anchor = begun ?? this.#anchor;
  }

  /** What came of the look; the anchor stays as it is. */
  with(outcome: Followed): Followed {
    return { ...outcome, anchor: this.#anchor };
  }

  /** Whoever is served where the device is needs to be led nowhere. */
  async after(outcome: Followed): Promise<Followed> {
    if (outcome.did === 'serves') await this.#only(null);
    return this.with(outcome);
  }

  /** Also what an earlier attempt has begun, or was about to give back. */
  async #only(anchor: string | null): Promise<void> {
    for (const one of new Set([this.#order.anchor ?? null, this.#anchor]))
      if (one !== null && one !== anchor) await this.#ways.release(one, this.#wait.signal);
    this.#anchor = anchor;
  }

  async to(source: string): Promise<Followed> {
    const { application, user: users, network, follower } = this.#order;
    const { signal } = this.#wait;
    this.#wait.progress(`having its device led to ${source}`);
    const before = this.#anchor;
    const { id, own } = await this.#ways.begin({ application, users, source, network }, follower, signal);
    if (own) this.#wait.keep('anchor', id);
    const failed = await until(this.#wait, FOR_GOOD, async () => await this.#ways.holds(id, signal));
    if (failed != null) {
      this.#anchor = before === id ? null : before;
      return this.with({ did: 'cannot', network, why: failed.why, relocation: null });
    }
    await this.#only(own ? id : null);
    const isNew = own && this.#order.anchor !== id;
    return this.with({ did: 'serves', network, site: source, relocation: null, ...(isNew && { anchored: true }) });
  }
}
