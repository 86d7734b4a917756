/** The application contract (docs/application-contract.md): what an application says of the users it serves. */

/** What an instance is to a user: it decides, it is prepared to, it sends on to another, or it knows nothing of him. */
export type Role = 'authority' | 'standby' | 'relay';

export interface UserState {
  readonly user: string;
  readonly role: Role;
  readonly epoch: number;
  /** Writes accepted so far. */
  readonly count: number;
}

/** The answer to `state`. */
export interface ApplicationState {
  readonly instance: string;
  /** Role towards users that are not listed. */
  readonly role: Role;
  readonly users: readonly UserState[];
  /** The relocation to which these users are promised, if any. */
  readonly promisedTo: string | null;
  /** Seconds since a client last came directly to this instance, not by relay; null: never. */
  readonly clientSeenSecondsAgo: number | null;
  /** Clients that came directly within the last minute. */
  readonly clients: number;
  /** What a freeze would last now, as the application estimates it. */
  readonly expectedFreezeMs: number;
}

/** The answer to `handOver`: the source's decision. */
export interface Receipt {
  readonly relocation: string;
  readonly epoch: number;
  readonly users: number;
  /** Writes that the target has been given, over all these users. */
  readonly count: number;
  readonly freezeMs: number;
}

export type Settlement = 'handedOver' | 'kept';
