/** What a measure stands on: it starts what it needs there, and says how far it has come. */
export interface Ground {
  readonly quick: boolean;
  readonly seed: number;
  /** For files of this run; raw data goes there too. */
  readonly folder: string;
  readonly tell: (line: string) => void;
}
