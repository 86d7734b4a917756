import type { AnchorFound, Taking } from '../../domain/anchoring.ts';

export interface Anchor extends AnchorFound {
  readonly id: string;
  /** Ended from outside while it stood: its rules may lead on, and nobody turns or releases them. */
  readonly deserted?: true;
}

/** Anchors as runs, and relocations as anchors see them. Each call insists while Temporal cannot be asked. */
export interface Anchors {
  /** Those of these users that run; of `*`: of anybody. Where none of the application is, one look at a name tells. */
  of(
    subject: { readonly application: string; readonly users: string },
    signal: AbortSignal,
  ): Promise<readonly Anchor[]>;
  /** The same, and those that are deserted. */
  found(
    subject: { readonly application: string; readonly users: string },
    signal: AbortSignal,
  ): Promise<readonly Anchor[]>;
  /** Those of these that still run, as they are now. */
  again(ids: readonly string[], signal: AbortSignal): Promise<readonly Anchor[]>;
  /** Does any of this application run, or was ended from outside, as far as the index knows? */
  anyOf(application: string, signal: AbortSignal): Promise<boolean>;
  /** Will whoever looks for anchors from now on find this run of one? */
  isFound(run: string, application: string, signal: AbortSignal): Promise<boolean>;
  /** From now on it waits for that relocation before it gives anything back. `no`: it is being given back; `gone`. */
  takeIn(id: string, taking: Taking, signal: AbortSignal): Promise<'yes' | 'no' | 'gone'>;
  /** Its source is another instance now. Where it is gone nobody has to know. */
  moved(id: string, taking: Omit<Taking, 'turn'>, signal: AbortSignal): Promise<void>;
  /** From now on these subscriptions are its own to give back. `no`: it is being given back, too; `gone`. */
  inherit(id: string, made: readonly string[], signal: AbortSignal): Promise<'yes' | 'no' | 'gone'>;
  /** What became of a relocation, by its name. */
  relocation(name: string, signal: AbortSignal): Promise<'runs' | 'moved' | 'over'>;
  /** Does a relocation of these users, or of all, from there run? */
  isMoving(
    subject: { readonly application: string; readonly users: string; readonly source: string },
    signal: AbortSignal,
  ): Promise<boolean>;
}
