import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Router } from 'express';
import { z } from 'zod';
import type { FaultOf, Faults } from '../faults.ts';
import { foreigners } from '../foreign/asked.ts';
import { found, Refused } from '../problem.ts';
import { listed } from './query.ts';
import { now } from './subscription-set.ts';

/** Life cycle operation occurrences (MEC 010-2 v3.1.1, app_lcm_op_occs). */

export type OperationKind = 'INSTANTIATE' | 'OPERATE' | 'TERMINATE';
type OperationState = 'STARTING' | 'PROCESSING' | 'COMPLETED' | 'FAILED_TEMP' | 'FAILED';

export interface OperationPlan {
  readonly instance: string;
  readonly kind: OperationKind;
  readonly params: unknown;
  /** What it does. Rejects: the operation ends in FAILED. */
  readonly work: () => Promise<void>;
  /** It has FAILED, so that what it had reserved is free again. */
  readonly failed: () => void;
}

/** How it is to go wrong, from the call that asked for it. */
export interface Misfortune {
  readonly neverFinishes: boolean;
  readonly failedTemp: FaultOf<'failedTemp'> | undefined;
  readonly noEffect: boolean;
}

export const misfortuneOf = (faults: Faults, req: object): Misfortune => ({
  neverFinishes: faults.acting(req, 'neverFinishes') !== undefined,
  failedTemp: faults.acting(req, 'failedTemp'),
  noEffect: faults.acting(req, 'noEffect') !== undefined,
});

interface Operation {
  readonly id: string;
  readonly plan: OperationPlan;
  readonly misfortune: Misfortune;
  readonly startTime: object;
  state: OperationState;
  stateEnteredTime: object;
  tries: number;
  /** There while it is being cancelled. */
  cancelMode: string | undefined;
  cancelled: AbortController;
}

const OPEN: readonly OperationState[] = ['STARTING', 'PROCESSING', 'FAILED_TEMP'];

/** The longest pause there is: 24 days. */
const NEVER = 2 ** 31 - 1;

/** A new occurrence, or one in another state. */
type OperationChanged = (instance: string, operation: string, kind: OperationKind, state: OperationState) => void;

export class Operations {
  readonly #changed: OperationChanged;
  readonly #operations = new Map<string, Operation>();
  readonly #url: string;
  readonly #paceMs: number;

  /** `meo`: base URL. `paceMs`: how long an operation is STARTING, and PROCESSING before it does its work. */
  constructor(meo: string, paceMs: number, changed: OperationChanged) {
    this.#changed = changed;
    this.#url = `${meo}/app_lcm/v1`;
    this.#paceMs = paceMs;
  }

  /** Answers where the occurrence is found. 409 while another operation of the instance is open (as SOL 003; ours). */
  begin(plan: OperationPlan, misfortune: Misfortune): string {
    this.demandNoneOpen(plan.instance);
    const startTime = now();
    const operation: Operation = {
      id: randomUUID(),
      plan,
      misfortune,
      startTime,
      state: 'STARTING',
      stateEnteredTime: startTime,
      tries: 0,
      cancelMode: undefined,
      cancelled: new AbortController(),
    };
    this.#operations.set(operation.id, operation);
    this.#changed(plan.instance, operation.id, plan.kind, 'STARTING');
    void this.#run(operation);
    return this.#href(operation);
  }

  demandNoneOpen(instance: string): void {
    for (const { plan, state, id } of this.#operations.values())
      if (plan.instance === instance && OPEN.includes(state)) throw new Refused(409, `operation ${id} is ${state}`);
  }

  /** Those that are open: the others are history. */
  state(): object[] {
    return [...this.#operations.values()]
      .filter(({ state }) => OPEN.includes(state))
      .map(({ plan, state }) => ({ instance: plan.instance, operation: plan.kind, state }))
      .toSorted((a, b) => (a.instance < b.instance ? -1 : 1));
  }

  routes(): Router {
    const router = Router();
    const all = '/app_lcm/v1/app_lcm_op_occs';
    router.get(all, (req, res) => {
      const others = foreigners(res, 'operations', `${this.#url}/app_lcm_op_occs`);
      const shown = [...others, ...[...this.#operations.values()].map((operation) => this.#shown(operation))];
      res.json(listed(req, shown, ['operationParams'])); // with _links: nothing else names the instance
    });
    router.get(`${all}/:id`, (req, res) => void res.json(this.#shown(this.#one(req.params.id))));
    router.post(`${all}/:id/cancel`, (req, res) => {
      const operation = this.#one(req.params.id, 'PROCESSING');
      operation.cancelMode = z.object({ CancelMode: z.enum(['GRACEFUL', 'FORCED']) }).parse(req.body).CancelMode;
      operation.cancelled.abort();
      res.status(202).end();
    });
    router.post(`${all}/:id/retry`, (req, res) => {
      void this.#run(this.#one(req.params.id, 'FAILED_TEMP'));
      res.status(202).end();
    });
    router.post(`${all}/:id/fail`, (req, res) => {
      const operation = this.#one(req.params.id, 'FAILED_TEMP');
      this.#fail(operation);
      res.json(this.#shown(operation));
    });
    return router;
  }

  async #run(operation: Operation): Promise<void> {
    const { plan, misfortune } = operation;
    if (operation.state === 'STARTING') await pause(this.#paceMs);
    this.#enter(operation, 'PROCESSING');
    operation.tries += 1;
    operation.cancelled = new AbortController();
    try {
      const { signal } = operation.cancelled;
      const ms = misfortune.neverFinishes && operation.tries === 1 ? NEVER : this.#paceMs;
      await pause(ms, undefined, { signal, ref: false });
    } catch {
      return this.#enter(operation, 'FAILED_TEMP'); // cancelled before its work began; later is too late
    }
    const { failedTemp } = misfortune;
    if (failedTemp !== undefined && (operation.tries === 1 || !failedTemp.recovers))
      return this.#enter(operation, 'FAILED_TEMP');
    try {
      if (!misfortune.noEffect) await plan.work();
      this.#enter(operation, 'COMPLETED');
    } catch (error) {
      process.stderr.write(`${plan.kind} of instance ${plan.instance}: ${(error as Error).message}\n`);
      this.#fail(operation);
    }
  }

  #fail(operation: Operation): void {
    operation.plan.failed();
    this.#enter(operation, 'FAILED');
  }

  #one(id: string, state?: OperationState): Operation {
    const operation = found(this.#operations.get(id), `operation ${id}`);
    if (state !== undefined && operation.state !== state) throw new Refused(409, `it is ${operation.state}`);
    return operation;
  }

  #href({ id }: Operation): string {
    return `${this.#url}/app_lcm_op_occs/${id}`;
  }

  #shown(operation: Operation): object {
    const { id, state, stateEnteredTime, startTime, plan, cancelMode } = operation;
    return {
      id,
      operationState: state,
      stateEnteredTime,
      startTime,
      lcmOperation: plan.kind,
      operationParams: plan.params,
      isCancelPending: cancelMode !== undefined,
      ...(cancelMode !== undefined && { cancelMode: { CancelMode: cancelMode } }),
      _links: {
        self: { href: this.#href(operation) },
        appInstance: { href: `${this.#url}/app_instances/${plan.instance}` },
      },
    };
  }

  #enter(operation: Operation, state: OperationState): void {
    operation.state = state;
    operation.stateEnteredTime = now();
    if (state !== 'PROCESSING') operation.cancelMode = undefined;
    this.#changed(operation.plan.instance, operation.id, operation.plan.kind, state);
  }
}
