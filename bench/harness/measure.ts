import type { Ground } from './ground.ts';

/** What one block of work gave: milliseconds, counts, bytes, by name. */
export type Values = Readonly<Record<string, number>>;

/**
 * What a figure trusts. An exact count binds always; CPU time binds with the margin by which a twin differs from itself;
 * wall time binds only in a run in which it hardly differs.
 */
export type Kind = 'count' | 'cpu' | 'wall';

export type Target = { readonly atMost: number } | { readonly atLeast: number } | { readonly exactly: number };

/** The median over the pairs of what a variant gave at a point. */
export type Of = (variant: string, value: string, point: string) => number;

export interface Figure {
  readonly name: string;
  readonly kind: Kind;
  /** Mostly a ratio of two medians. */
  readonly value: (of: Of) => number;
  /** Absent: reported, and nothing depends on it. */
  readonly target?: Target;
  /** Of the value: `ms`, `KB`; absent: it is a ratio or a count. */
  readonly unit?: string;
}

/** Under which conditions everything is measured: a latency, a size. */
export interface Point {
  readonly name: string;
  /** Rounds that count here, where they are other than the measure's. */
  readonly pairs?: number;
}

export interface Running<P extends Point> {
  /** One block: the same work by this variant. */
  sample(variant: string, point: P): Promise<Values>;
  stop(): Promise<void>;
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
  points(quick: boolean): readonly P[];
  /** Rounds that count; one goes before them, to warm up, where there is a twin. */
  pairs(quick: boolean): number;
  figures(points: readonly P[]): readonly Figure[];
  prepare(ground: Ground): Promise<Running<P>>;
}
