/** What happened to writes of devices while an application moved, or did not. */
export interface Figures {
  /** Writes that became due. */
  readonly requests: number;
  /** Acknowledged, and not there any more. */
  readonly lost: number;
  /** Never answered: the device waited for longer than its patience. None of those lost. */
  readonly givenUp: number;
  readonly stale: number;
  readonly doubled: number;
  readonly longestGapMs: number;
}

/** What a window tells: of each kind of device by its name (`resolving`, `keeping`, `clamping`), and of all together. */
export interface Counted {
  readonly durationMs: number;
  /** The longest time in which the devices themselves did not run. */
  readonly stoodStillMs: number;
  /** Each by itself. */
  readonly devices?: readonly (Figures & {
    readonly kind: string;
    /** When its longest gap began, an instant. */
    readonly longestGapAt: string;
  })[];
  readonly byKind: Readonly<Record<string, Figures>>;
  readonly total: Figures;
}
