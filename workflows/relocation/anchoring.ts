import {
  CancellationScope,
  condition,
  isCancellation,
  makeContinueAsNewFunc,
  setHandler,
  sleep,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { CheckedAnchor } from '../../activities/anchoring/check.ts';
import type { Exposed } from '../../activities/anchoring/services.ts';
import type { Both } from '../../activities/relocation/subject.ts';
import type { AnchorResult } from '../../domain/anchor-request.ts';
import {
  type AnchorStep,
  anchorSteps,
  type AnchorUndo,
  anchorUndos,
  moved,
  type Standing,
  type Taking,
} from '../../domain/anchoring.ts';
import { chainOf } from '../../domain/identity.ts';
import type { NeedsPerson } from '../../domain/waits.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { failure, foreseen } from '../kit/failure.ts';
import { type Account, Procedure } from '../kit/procedure.ts';
import { type AnchorMemo, type AnchorOrder, inherit, sourceMoved, takeIn } from '../messages.ts';
import { anchoringAt } from '../steps.ts';
import { accountOf } from './anchor-account.ts';
import type { anchorApplication } from './anchor-application.ts';
import { Brought } from './brought.ts';

/** Of one run: then it goes on in a new one, so that no history grows for ever. */
const EVENTS = 2_000;
/** A source that could not be looked at is looked at again after so long. */
const LATER = '1 minute';

type Step = Omit<ReturnType<typeof anchoringAt>, 'undo'>;

/** One anchor: what its steps share, where it leads, and who takes it along. */
export class Anchoring {
  readonly subject: Pick<Both, 'chain' | 'application' | 'users' | 'source'>;
  readonly procedure: Procedure<AnchorStep, AnchorUndo, AnchorResult>;
  readonly account: Account<AnchorResult>;
  readonly step: Step;
  readonly undo: ReturnType<typeof anchoringAt>['undo'];
  readonly brought: Brought;
  /** Its own turn, sealed, and what the relocation that has it now would make of it. */
  turns: readonly string[] = [];
  #checked: CheckedAnchor | undefined;
  #standing: Standing | null = null;
  #counts = { exposed: 0, lacking: 0 };
  /** Relocations that moved the source, and were not followed yet. */
  readonly #unfollowed: Pick<Taking, 'target' | 'to'>[] = [];
  #heard = 0;
  #following = false;
  readonly #order: AnchorOrder;
  #calmAt: number | undefined;

  constructor(order: AnchorOrder) {
    const { held, pace } = order;
    const { application, users, source, network } = order.request;
    this.#order = order;
    this.brought = new Brought(held?.brought);
    this.turns = held?.turns ?? [];
    this.#checked = held?.checked;
    this.#standing = held?.standing ?? null;
    this.subject = { chain: chainOf(workflowInfo()), application, users, source };
    this.procedure = new Procedure<AnchorStep, AnchorUndo, AnchorResult>({
      headline: `**${application}**, ${users === '*' ? 'all users' : 'one user'}: anchored at **${source}** for **${network}**`,
      steps: anchorSteps,
      undos: anchorUndos,
      deadline: undefined,
      lost: 'removeHolder',
      againMs: pace.insistMs,
    });
    const { undo, ...step } = anchoringAt(pace);
    [this.step, this.undo] = [step, undo];
    this.account = accountOf(this);
    setHandler<Standing, [Taking], typeof takeIn>(takeIn, (taking) => this.#takeIn(taking), {
      validator: () => this.#mayBeTaken(),
    });
    setHandler<null, [readonly string[]], typeof inherit>(inherit, (made) => this.#inherits(made), {
      validator: () => this.#mayBeTaken(),
    });
    setHandler(sourceMoved, (taking) => this.#moved(taking));
  }

  /** In the first pass: what it began there, it goes on with. */
  get site(): string | null {
    return this.#checked?.site ?? null;
  }

  /** What all that leads there has in common; `to`: the holder, once it is known. */
  get leading(): Omit<Both, 'to'> & Pick<CheckedAnchor, 'there' | 'relayed'> & { readonly network: string } {
    const { site, there = null, relayed = false } = this.#checked ?? {};
    return { ...this.subject, ...this.at, target: site ?? '', there, relayed, network: this.#order.request.network };
  }

  get held(): boolean {
    return this.#standing !== null;
  }

  get lastedMs(): number {
    return (this.#order.held?.lastedMs ?? 0) + this.procedure.progress.totalMs;
  }

  /** Where its source is now. */
  get at(): Pick<Both, 'source' | 'from'> {
    const { source, from } = this.#standing ?? { source: this.subject.source, from: this.#checked?.from ?? '' };
    return { source, from };
  }

  chosen(checked: CheckedAnchor): CheckedAnchor {
    const { from } = this.brought.found({ ...checked, drainMs: 0 });
    if (this.site === null) this.#checked = checked; // nothing was begun yet
    return { ...checked, ...this.#checked, from };
  }

  exposed({ exposed, lacking, turn }: Exposed): string {
    this.#counts = { exposed, lacking };
    this.turns = turn === null ? [] : [turn];
    return turn ?? '';
  }

  /** What a relocation has to know of it, once it holds. */
  leads(instance: string, observed: boolean): void {
    const { site } = this;
    if (site !== null) this.#led = { holder: { site, instance }, observed };
  }
  #led: Pick<Standing, 'holder' | 'observed'> | undefined;

  holds(): void {
    const { way = 'network', relayed = false, observed = false } = this.#checked ?? {};
    const led = this.#led ?? { holder: null, observed };
    this.#stands({ way, relayed, ...this.at, ...led, ...this.#counts, under: null, trouble: null, silentSince: null });
  }

  /** As long as it holds: tells whether its source serves, wherever that is by now. */
  async watch(): Promise<void> {
    if (this.#order.watched !== true) return; // begun when none was: from its next run on
    for (;;) {
      const { users, application, chain } = this.subject;
      const at = this.at;
      const until = this.#standing?.silentSince == null ? 'silent' : 'answers';
      const looking = new CancellationScope();
      try {
        const silentSince = await looking.run(
          async () =>
            await Promise.race([
              this.step.watchAnchored({ chain, application, users, ...at, until }),
              condition(() => this.at.from !== at.from || this.at.source !== at.source).then(() => undefined),
            ]),
        );
        if (silentSince !== undefined) this.#tells({ silentSince });
      } catch (error) {
        if (isCancellation(error)) throw error;
        await sleep(LATER);
      } finally {
        looking.cancel();
      }
    }
  }

  /** As long as it holds: comes after its source, whoever moves it. */
  async follow(): Promise<never> {
    for (;;) {
      await condition(() => this.#unfollowed.length > 0);
      const { site: target } = this;
      const { holder, relayed } = this.#standing ?? {};
      this.#unfollowed.length = 0; // where it is by now counts alone
      if (holder == null || target === null) continue;
      const both = { ...this.subject, ...this.at, target, to: holder.instance, network: this.#order.request.network };
      const order = { ...both, relayed: relayed === true, made: this.brought.made, turns: this.turns };
      const heard = this.#heard;
      this.#following = true;
      try {
        const follow = this.brought.keeping(async () => await this.step.followAnchor(order));
        this.#inherited = [];
        const { made, turn, ...counts } = await follow();
        Object.assign(this.brought, { made: union(made, this.#inherited), before: null });
        if (heard === this.#heard) this.turns = turn === null ? [] : [turn];
        this.#tells({ ...counts, trouble: null });
      } catch (error) {
        const { type, message } = foreseen(error);
        if (type === 'Cancelled') throw error;
        this.#tells({ trouble: `${type}: ${message}` });
      } finally {
        this.#following = false;
      }
    }
  }

  /** Its history is long, and nothing is under way that a new run would not know of. */
  get mayGoOnAnew(): boolean {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    const { events = EVENTS } = this.#order;
    const isLong = continueAsNewSuggested || historyLength > events;
    return isLong && !this.#following && this.#unfollowed.length === 0;
  }

  async goesOnAnew(): Promise<never> {
    const { turns, lastedMs } = this;
    const { from, to, own, there, made, before } = this.brought;
    const [checked, standing] = [this.#checked, this.#standing];
    if (checked === undefined || standing === null) throw failure('NotPossibleNow', 'it does not hold');
    const held = { checked, standing, turns, brought: { from, to, own, there, made, before }, lastedMs };
    const { request } = this.#order;
    const { firstExecutionRunId: run, startTime, memo } = workflowInfo();
    const { first = { run, startedAt: startTime.toISOString() }, follower } = (memo ?? {}) as Partial<AnchorMemo>;
    const told = { request, standing, first, ...(follower !== undefined && { follower }) } satisfies AnchorMemo;
    return await makeContinueAsNewFunc<typeof anchorApplication>({ memo: told })({
      ...this.#order,
      watched: true,
      held,
    });
  }

  /** What a relocation has told meanwhile counts too. */
  async turnBack(): Promise<void> {
    const named = this.#checked?.named === true;
    for (let heard = -1; heard !== this.#heard; ) {
      heard = this.#heard;
      const { turns } = this;
      const { under = null } = this.#standing ?? {};
      if (turns.length === 0) continue;
      const { there: _, ...both } = this.leading;
      const to = this.brought.to ?? '';
      await this.undo.turnAnchorBack({ ...both, to, turns, under, named, calmAt: this.calmAt() });
    }
  }

  /** What was asked of a peer and given up may be carried out for a while: counted from the first undo. */
  calmAt(): number {
    return (this.#calmAt ??= Date.now() + this.#order.pace.attemptMs);
  }

  #takeIn({ turn, ...under }: Taking): Standing {
    this.#heard += 1;
    const [own] = this.turns;
    this.turns = [own, turn].filter((each) => each != null);
    return this.#tells({ under });
  }

  #inherits(made: readonly string[]): null {
    this.#inherited = union(this.#inherited, made);
    this.brought.made = union(this.brought.made, made);
    return null;
  }
  /** While it followed its source. */
  #inherited: readonly string[] = [];

  #mayBeTaken(): void {
    if (this.#standing === null || this.procedure.progress.status.state !== 'held')
      throw failure('NotPossibleNow', 'it is being made, or given back');
  }

  #moved({ relocation, target, to }: Omit<Taking, 'turn'>): void {
    if (this.#standing?.under?.relocation !== relocation) return; // told twice
    this.#heard += 1;
    const standing = moved(this.#standing, { target, to });
    if (standing.way === 'network') this.turns = [];
    this.#unfollowed.push({ target, to });
    this.#stands(standing);
  }

  #tells(change: Partial<Standing>): Standing {
    if (this.#standing === null) throw failure('NotPossibleNow', 'it does not hold');
    return this.#stands({ ...this.#standing, ...change });
  }

  #stands(standing: Standing): Standing {
    const [wasSilent, isSilent] = [this.#standing, standing].map((each) => each?.silentSince != null);
    this.#standing = standing;
    upsertMemo({ standing });
    // Devices that are led to nobody need a person
    if (isSilent !== wasSilent)
      upsertSearchAttributes([
        { key: searchAttributes.outcome, value: isSilent === true ? ('troubled' satisfies NeedsPerson) : null },
      ]);
    return standing;
  }
}

const union = (some: readonly string[], more: readonly string[]): readonly string[] => [...new Set([...some, ...more])];
