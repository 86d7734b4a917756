import type { Shared } from '../stage/shared.ts';

/** What a measure stands on: it starts what it needs there, and says how far it has come. */
export interface Ground {
  readonly quick: boolean;
  readonly seed: number;
  /** For files of this run; raw data goes there too. */
  readonly folder: string;
  readonly tell: (line: string) => void;
  /** The stage of all that can do with one: begun by whoever asks first; its peers behave as if nobody had been there. */
  readonly shared: () => Promise<Shared>;
}
