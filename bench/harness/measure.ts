import type { Ground } from './ground.ts';
import type { Sample } from './statistics.ts';

/** What one block of work gave: milliseconds, counts, bytes, by name. */
export type Values = Readonly<Record<string, number>>;

/**
 * What a figure trusts. An exact count binds always; CPU time binds with the margin by which a twin differs from itself;
 * wall time binds only in a run in which it hardly differs.
 */
export type Kind = 'count' | 'cpu' | 'wall';

export type Target = { readonly atMost: number } | { readonly atLeast: number } | { readonly exactly: number };

/** The median over the pairs, or where the figure says so the most, of what a variant gave at a point. */
export type Of = (variant: string, value: string, point: string) => number;

export interface Figure {
  readonly name: string;
  readonly kind: Kind;
  /** Mostly a ratio of two medians. */
  readonly value: (of: Of) => number;
  /** The most of all pairs, and not their median: what may never happen. */
  readonly over?: 'most';
  /** Absent: reported, and nothing depends on it. */
  readonly target?: Target;
  /** Of the value: `ms`, `KB`; absent: it is a ratio or a count. */
  readonly unit?: string;
}

/** Rounds that count: as many as there is time for. With fewer than the least nothing is said to be kept. */
export interface Pairs {
  readonly least: number;
  readonly most: number;
}

/** The method's own: what is said of time rests on so many. */
export const METHOD: Pairs = { least: 15, most: 15 };

/** Under which conditions everything is measured: a latency, a size. */
export interface Point {
  readonly name: string;
  /** Where they are other than the measure's. */
  readonly pairs?: Pairs;
  /** Of the measure's time, as against 1 of every other point: mostly the seconds that it takes on a quiet machine. */
  readonly share?: number;
  /** Only these are measured here, and no twin against itself: how quiet the machine is, another point of the measure says. */
  readonly only?: readonly string[];
}

export interface Running<P extends Point> {
  /** One block: the same work by this variant. */
  sample(variant: string, point: P): Promise<Values>;
  stop(): Promise<void>;
}

/** Drawn from the raw data, when it is published. */
export interface Picture {
  readonly name: string;
  readonly title: string;
  readonly draw: (title: string, samples: readonly Sample[]) => string;
}

/** One measure of Ferry: a question, who is measured against whom, and what the answer has to be. */
export interface Measure<P extends Point = Point> {
  readonly id: string;
  readonly name: string;
  /** In words for people. */
  readonly question: string;
  /** What is measured, in this order, and then in the reverse one. The first is the engine. */
  readonly variants: readonly string[];
  /** It is measured against itself too; absent: nothing but counts is asked for. */
  readonly twin?: string;
  /** Deliberately bad ones, each in the engine's place: the measure has to notice by these figures. */
  readonly bad: readonly { readonly variant: string; readonly misses: readonly string[] }[];
  /** It stands on the stage that others stand on too; absent: that has ended before it begins. */
  readonly shares?: true;
  /** Takes longer than all others may together: only measured where it is asked for by name. */
  readonly alone?: true;
  points(quick: boolean): readonly P[];
  /** One more goes before them, to warm up, where there is a twin. */
  pairs(quick: boolean): Pairs;
  /** So long it may take, from the start of what it needs; bad variants come after that. */
  seconds(quick: boolean): number;
  figures(points: readonly P[]): readonly Figure[];
  /** Besides that of its figures. */
  readonly pictures?: readonly Picture[];
  prepare(ground: Ground): Promise<Running<P>>;
}
