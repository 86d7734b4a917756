/** Where published programs differ in what joining needs (GSMA OPG.04). */
export interface Dialect {
  /** The same request again: it gives the context again, there is another way to find it, or none. */
  readonly again: 'gives' | 'lookUp' | 'refuses';
  /** Statuses that say that there is no such context; OpenOP raises its 404 inside a block that makes it a 422. */
  readonly gone: readonly number[];
  /** Can an accepted zone be given back? */
  readonly leavesZones: boolean;
}

export const dialects = {
  ferry: { again: 'gives', gone: [404], leavesZones: false },
  katalis: { again: 'refuses', gone: [404], leavesZones: false },
  openop: { again: 'lookUp', gone: [404, 422], leavesZones: true },
} as const satisfies Record<string, Dialect>;

export type DialectName = keyof typeof dialects;
