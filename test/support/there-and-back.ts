import { createHash } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import type { Catalogue } from '../../activities/ports.ts';
import { relocationActivities } from '../../activities/relocation/index.ts';
import type { Both, Subject } from '../../activities/relocation/subject.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { Pace } from '../../configuration/peers.ts';
import { undos, type UndoName } from '../../domain/steps.ts';
import { Undoing } from '../../domain/undoing.ts';
import { Brought } from '../../workflows/relocation/brought.ts';
import { keptIn } from '../../workflows/kit/failure.ts';
import { attemptOf } from './attempt.ts';
import { busy } from './busy.ts';

/** What is played with, and where a run begins in it. */
export interface Played {
  readonly catalogue: Catalogue;
  readonly source: string;
  readonly target: string;
}

export type Begun = 'checkRelocation' | 'instantiateTarget' | 'copyAhead' | 'switchPath' | Ahead;
type Ahead = 'handOver' | 'notifyEndpoint' | 'confirmQuiet' | 'retireSource';
type Begins = (step: Begun) => void;
/** By the name of the step. */
export type Answers = ReadonlyMap<string, unknown>;

/**
 * A run's way there and back, as the workflow has it: up to step 5, and if nothing fails before, cancelled then; or over
 * the hand-over, after which what fails is tried again.
 */
export class ThereAndBack {
  /** Why something failed, on the way back or ahead. */
  readonly reasons: string[] = [];
  readonly #before: Answers;
  readonly #answered = new Map<string, unknown>();
  readonly #undoing = new Undoing();
  readonly #undos = new Map<string, () => Promise<void>>();
  readonly #activities: ReturnType<typeof relocationActivities>;
  readonly #subject: Subject;
  readonly #patienceMs = 1_500 * busy();
  #ahead: [Ahead, () => Promise<unknown>][] = [];

  /** `before`: steps that are done already, and what they have answered, in a world that is as they have left it. */
  constructor({ catalogue, source, target }: Played, before: Answers = new Map()) {
    this.#before = structuredClone(before);
    const pace = {
      ...Pace.parse({}),
      pollMs: 10 * busy(),
      stepMs: 100 * busy(),
      operationMs: 200 * busy(),
      attemptMs: 100,
      handOverMs: 500 * busy(),
      drainLimitMs: 100 * busy(),
    };
    const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 25);
    this.#activities = relocationActivities({ catalogue, pace, digest, turns: takingTurns() });
    this.#subject = { chain: 'relocation:one/first', application: 'counter', users: '*', source, target };
  }

  /** Until that step begins, with nothing in the way; returns what those before it have answered. */
  async before(step: Begun): Promise<Answers> {
    const begun = new Error(`${step} begins`);
    const stop: Begins = (each) => {
      if (each === step) throw begun;
    };
    const reached = async (): Promise<unknown> => await this.there(stop).then(async () => await this.ahead(stop));
    const end = await reached().catch((error: unknown) => error);
    if (end !== begun) throw new Error(`${step} was not reached`, { cause: end });
    return this.#answered;
  }

  async there(begins: Begins): Promise<void> {
    const brought = new Brought();
    const subject = this.#subject;
    const { releasePromise, removeTarget, deleteCopies, switchBack, ...steps } = this.#activities;
    const late = { calmAt: 0 };

    begins('checkRelocation');
    this.#register('releasePromise', async () =>
      this.#once(releasePromise, { ...subject, from: brought.from, to: brought.to }),
    );
    const order = { ...subject, maxInterruptionMs: null, own: null };
    const check = brought.keeping(async () => await this.#tried(steps.checkRelocation, order));
    const checked = await check().catch((error: unknown) => {
      if (keptIn(error)['untouched'] === true) this.#undoing.forget('releasePromise');
      throw error;
    });
    const { from } = brought.found(checked);
    const { there } = brought;

    begins('instantiateTarget');
    this.#register('removeTarget', async () =>
      this.#once(removeTarget, { ...subject, there, to: brought.to, own: brought.own, ...late }),
    );
    const start = brought.keeping(async () => await this.#tried(steps.instantiateTarget, { ...subject, from, there }));
    const { to } = await start();

    begins('copyAhead');
    const both = { ...subject, from, to };
    this.#register('deleteCopies', async () =>
      this.#once(deleteCopies, { ...both, made: brought.made, before: brought.before, ...late }),
    );
    const copy = brought.keeping(
      async () => await this.#tried(steps.copyAhead, { ...both, made: [], turns: null, seen: brought.seen }),
    );
    const { turns } = await copy();

    begins('switchPath');
    this.#register('switchBack', async () => this.#once(switchBack, { ...subject, turns, ...late }));
    await this.#tried(steps.switchPath, { ...both, turns });
    this.#ahead = this.#stepsAhead(both, brought);
  }

  /**
   * Over the hand-over, and on from where it stood; returns where it stands now, null at the end; `kept`, `lost`: what became
   * of a hand-over whose answer is missing, after which there is only the way back.
   */
  async ahead(begins: Begins = () => undefined): Promise<Ahead | 'kept' | 'lost' | null> {
    for (let next = this.#ahead[0]; next !== undefined; next = this.#ahead[0]) {
      const [step, work] = next;
      begins(step);
      try {
        const settled = await work();
        if (settled === 'kept' || settled === 'lost') return settled;
        this.#ahead.shift();
      } catch (error) {
        if (!(error instanceof ApplicationFailure)) throw error;
        this.reasons.push(error.message);
        return step;
      }
    }
    return null;
  }

  #stepsAhead(both: Both, brought: Brought): [Ahead, () => Promise<unknown>][] {
    const { handOver, settle, notifyEndpoint, confirmQuiet, retireSource } = this.#activities;
    let inDoubt = false;
    const handedOver = async (): Promise<unknown> => {
      const settled = inDoubt ? await this.#tried(settle, both) : 'handedOver';
      inDoubt = true;
      return settled === 'handedOver' ? await this.#tried(handOver, both) : settled;
    };
    return [
      ['handOver', handedOver],
      [
        'notifyEndpoint',
        brought.keeping(async () => await this.#tried(notifyEndpoint, { ...both, ...brought.subscriptions })),
      ],
      ['confirmQuiet', async () => await this.#tried(confirmQuiet, both)],
      ['retireSource', async () => await this.#tried(retireSource, { ...both, ...brought.subscriptions })],
    ];
  }

  /** What is left after each undo was tried once. */
  async back(): Promise<readonly string[]> {
    this.#undoing.again();
    for (let undo = this.#undoing.next(); undo !== undefined; undo = this.#undoing.next()) {
      try {
        await this.#undos.get(undo)?.();
        this.#undoing.succeeded(undo);
      } catch (error) {
        if (!(error instanceof ApplicationFailure)) throw error;
        this.#undoing.failed(undo);
        this.reasons.push(error.message);
      }
    }
    return this.#undoing.left;
  }

  #register(undo: UndoName, back: () => Promise<void>): void {
    this.#undos.set(undo, back);
    this.#undoing.add(undo, undos[undo].after);
  }

  async #once<A, R>(step: (order: A) => Promise<R>, order: A): Promise<R> {
    return await this.#tried(step, order, 1);
  }

  async #tried<A, R>(step: (order: A) => Promise<R>, order: A, attempts = 2): Promise<R> {
    if (this.#before.has(step.name)) return this.#before.get(step.name) as R;
    const answer = await this.#carriedOut(step, order, attempts);
    this.#answered.set(step.name, answer);
    return answer;
  }

  async #carriedOut<A, R>(step: (order: A) => Promise<R>, order: A, attempts: number): Promise<R> {
    let heartbeatDetails: unknown;
    for (let attempt = 1; ; attempt += 1) {
      const environment = attemptOf({
        attempt,
        heartbeatDetails,
        startToCloseTimeoutMs: this.#patienceMs,
        scheduleToCloseTimeoutMs: this.#patienceMs * 10,
      });
      environment.on('heartbeat', (details: unknown) => {
        heartbeatDetails = details;
      });
      try {
        return await environment.run<[A], R, typeof step>(step, order);
      } catch (error) {
        if (attempt === attempts || !(error instanceof ApplicationFailure) || error.nonRetryable === true) throw error;
      }
    }
  }
}
