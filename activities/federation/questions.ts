import type { Asked, By, Query, Via, Wish } from '../../domain/wish.ts';

/**
 * What is asked of other federators, what they answer, and what is kept of it: in our words. `Finder` is realised by adapters,
 * `Findings` by the catalogue; they throw as those of ports.ts do.
 */

/** A question as it crosses a border: repeated, it is the same message. */
export interface Question {
  readonly message: string;
  readonly via: Via;
}

/** How far an answer may be believed: in full, and for how long. */
interface Answered {
  readonly complete: boolean;
  readonly validSeconds: number;
}

/** Members that a partner tells of (6.3), by its ids. */
export interface SystemsFound extends Answered {
  readonly systems: readonly SystemFound[];
}

export interface SystemFound {
  readonly system: string;
  readonly operator: string;
  /** Of those that were asked for, the devices that it serves. */
  readonly devices: readonly string[];
}

/** Platforms that a partner tells of, with what they offer (6.4, 6.5.3 step 10), by its ids. */
export interface PlatformsFound extends Answered {
  readonly platforms: readonly PlatformFound[];
}

export interface PlatformFound {
  readonly platform: string;
  readonly system: string;
  readonly operator: string;
  readonly zone: { readonly lat: number; readonly lon: number } | null;
  readonly offers: readonly OfferFound[];
}

export interface OfferFound {
  readonly offer: string;
  readonly kind: 'service' | 'application';
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly transport: string;
  readonly serializer: string;
  /** As declared; null: not told. */
  readonly latencyMs: number | null;
  readonly bandwidthKbps: number | null;
}

/** What of a partner is asked for answers. `gone`: it knows no such agreement. FederationSuspended. */
export interface Finder {
  findSystems(
    context: string,
    question: Question & { readonly by: By },
    signal: AbortSignal,
  ): Promise<SystemsFound | 'gone'>;
  findPlatforms(
    context: string,
    question: Question & { readonly wish: Wish },
    signal: AbortSignal,
  ): Promise<PlatformsFound | 'gone'>;
}

/** An agreement under which a partner may be asked now. */
export interface Askable {
  readonly agreement: string;
  readonly partner: string;
  readonly context: string;
}

/** The catalogue, for finding. */
export interface Findings {
  /** By the database's clock. */
  now(): Promise<Date>;
  /** How many are known now: ours, and those that partners told of and that hold. */
  count(query: Query, digest: string): Promise<number>;
  /** Is the answer to this very question still fresh? Whether it is complete; null: it has to be asked. */
  asked(digest: string): Promise<{ readonly complete: boolean } | null>;
  /** Who may be asked: who was asked least lately first, among equals the most preferred. */
  askable(): Promise<readonly Askable[]>;
  /** These are asked now: next time it is the turn of others, where not all can be asked at once. */
  asking(chosen: readonly Askable[]): Promise<void>;
  /** Partners that are joined on a miss, which nobody has left, and that are not joined yet. */
  joinable(): Promise<readonly string[]>;
  /** Our will towards it becomes open, since somebody missed something; what our operator has said stands. */
  wantOnMiss(partner: string): Promise<void>;
  /** Of these, those that are not usable yet. */
  notUsable(partners: readonly string[]): Promise<readonly string[]>;
  /** Returns how many it told of. Under an agreement that has ended nothing is kept. */
  learned(asked: Askable, digest: string, answer: SystemsFound | PlatformsFound): Promise<number>;
  /** The question was put to all who might be asked at `since`; where others may be asked by now it is not remembered. */
  answered(
    digest: string,
    answer: { readonly complete: boolean; readonly seconds: number; readonly since: Date },
  ): Promise<void>;
  /** A line in the ledger: what we asked, and what became of it. */
  note(asked: Askable, question: Question & { readonly query: Query }, said: Asked['said']): Promise<void>;
}
