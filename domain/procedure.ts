import type { FailureType } from './failures.ts';
import type { Copy } from './recovery.ts';

/** What every procedure tells of itself. Pure. */

/** Something that could not be undone, in the words of a parked step. */
export interface Leftover {
  /** The undo: one of `domain/steps.ts`. */
  readonly undo: string;
  readonly type: FailureType;
  /** What is left, at which peer, and why. */
  readonly message: string;
  readonly remedy: string;
}

/** Of what waits: an older worker says nothing of it. */
interface Replaceable {
  /** May whoever serves be replaced, if he is lost? */
  readonly recoverable: boolean;
  /** Why he was not, when that was asked last. */
  readonly failure: { readonly type: FailureType; readonly message: string } | null;
}

export interface Standby {
  /** Whoever serves has not answered since; null: he does. */
  readonly silentSince: string | null;
  /** What the standby has, as it was looked at when that began. */
  readonly copy: Copy | null;
}

/** Where a running procedure stands. Instants are ISO strings of the workflow's clock. */
export type ProcedureStatus<Step extends string, Result> =
  | {
      readonly state: 'working';
      readonly step: Step;
      readonly since: string;
      readonly cancellable: boolean;
      /** A pause was asked for: it takes effect before the next step. */
      readonly pausing: boolean;
      /** A cancellation was accepted: the step under way has to end first. */
      readonly cancelling: boolean;
    }
  | ({
      readonly state: 'paused';
      readonly step: Step;
      readonly since: string;
      readonly cancellable: boolean;
    } & Partial<Replaceable>)
  | ({
      readonly state: 'held';
      readonly step: Step;
      readonly since: string;
      readonly until: string | null;
      /** Kept warm in case that whoever serves is lost; null, as from an older worker: it only waits. */
      readonly standby?: Standby | null;
      /** What was asked for is there, and is kept until it is given back. */
      readonly kept?: true;
    } & Partial<Replaceable>)
  | {
      readonly state: 'parked';
      readonly step: Step;
      readonly since: string;
      readonly failure: { readonly type: FailureType; readonly message: string };
      /** On the way back it tries again by itself, then; null: only when it is told to. */
      readonly until: string | null;
      /** May it be given up? Not while it is not known who serves the users. */
      readonly abandonable: boolean;
      /** May whoever has been lost be replaced? */
      readonly recoverable: boolean;
      /** Empty: on the way forward. */
      readonly left: readonly Leftover[];
    }
  | { readonly state: 'rollingBack'; readonly step: Step; readonly since: string }
  | { readonly state: 'ended'; readonly step: Step; readonly since: string; readonly result: Result };
