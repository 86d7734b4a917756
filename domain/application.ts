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

export interface Copied {
  readonly relocation: string;
  readonly users: string;
  readonly copiedUsers: number;
  readonly count: number;
  readonly prepared: boolean;
  readonly secondsAgo: number | null;
}

/** The answer to `state`. */
export interface ApplicationState {
  readonly instance: string;
  /** Role towards users that are not listed. */
  readonly role: Role;
  /** Of the hand-over that this role goes back to. */
  readonly epoch: number;
  readonly users: readonly UserState[];
  /** The relocation to which these users are promised, if any. */
  readonly promisedTo: string | null;
  /** What it was given by relocations that have not handed over: what a takeover would save. */
  readonly copies: readonly Copied[];
  /** It said that it goes: it takes nobody any more. */
  readonly retiring: boolean;
  /** Seconds since a client last came directly to this instance, not by relay; null: never. */
  readonly clientSeenSecondsAgo: number | null;
  /** Clients that came directly within the last minute. */
  readonly clients: number;
  /** What a freeze would last now, as the application estimates it. */
  readonly expectedFreezeMs: number;
}

/** The answer to `handOver`: the source's decision. Null: an application without the contract does not say. */
export interface Receipt {
  readonly relocation: string;
  readonly epoch: number | null;
  readonly users: number;
  /** Writes that the target has been given, over all these users. */
  readonly count: number;
  /** The same of each user; `*` where whoever is not listed was given as well. Null: an older application. */
  readonly of: readonly { readonly user: string; readonly count: number }[] | null;
  readonly freezeMs: number | null;
}

export type Settlement = 'handedOver' | 'kept';

/** The answer to `settle`. */
export interface Settled {
  readonly settlement: Settlement;
  /** Is it the authority of these users now? What was started again serves nobody, whatever it settled. */
  readonly serves: boolean;
}

/** The answer to `supersede`. `kept`: whom it goes on serving. */
export interface Superseded {
  readonly users: number;
  readonly count: number;
  readonly kept: readonly { readonly user: string; readonly epoch: number }[];
}

/** Of any of these users, as this instance knows them. */
export const highestEpoch = ({ epoch: ofAll, users }: ApplicationState): number =>
  Math.max(ofAll, ...users.map(({ epoch }) => epoch));

/** Is it the authority of these users; of `*`: of anybody? */
export const serves = ({ role, users }: ApplicationState, whom: string): boolean =>
  whom === '*'
    ? role === 'authority' || users.some((user) => user.role === 'authority')
    : (users.find(({ user }) => user === whom)?.role ?? role) === 'authority';

/** Is it the authority of all these users; of `*`: also of those that come? */
export const isAuthority = ({ role, users }: ApplicationState, whom: string): boolean =>
  (whom === '*' ? role : (users.find(({ user }) => user === whom)?.role ?? role)) === 'authority';

/** Do two of these instances accept writes of the same user? Of `*`: of one that any lists, or of whoever is not listed. */
export function isClaimedTwice(states: readonly ApplicationState[], whom: string): boolean {
  const listed = whom === '*' ? new Set(states.flatMap(({ users }) => users.map(({ user }) => user))) : [];
  // An instance may have ten thousand: each is looked up, not looked for
  const roles = states.map(({ role, users }) => ({ role, of: new Map(users.map((each) => [each.user, each.role])) }));
  const claims = (user: string): number =>
    roles.filter(({ role, of }) => (user === '*' ? role : (of.get(user) ?? role)) === 'authority').length;
  return [whom, ...listed].some((user) => claims(user) > 1);
}

/** How far a target is from what the receipt says that it was given. No names of users: histories keep it. */
export interface Shortfall {
  /** Of how many it should be the authority since this hand-over, and is. */
  readonly users: { readonly expected: number; readonly seen: number };
  /** Writes accepted of them. */
  readonly writes: { readonly expected: number; readonly seen: number };
  /** Of how many it has fewer writes than it was given. */
  readonly fewer: number;
}

/**
 * Has the target what the source's receipt says? Null: it has. Like is compared with like: each user of the receipt with the same user at the
 * target, which may serve others; by sums only where an application does not say whose writes they are, or not of all of them.
 */
export function arrived(receipt: Receipt, state: ApplicationState, whom: string): Shortfall | null {
  const { epoch, of } = receipt;
  if (epoch === null) return null;
  const short = of === null ? null : arrivedOneByOne(epoch, of, state);
  if (short !== null) return short;
  // Of what nobody is named for, nothing has been compared yet
  const named = (of ?? []).reduce((sum, { count }) => sum + count, 0);
  return of === null || named < receipt.count ? arrivedBySums(epoch, receipt.count, state, whom) : null;
}

function arrivedOneByOne(epoch: number, of: NonNullable<Receipt['of']>, state: ApplicationState): Shortfall | null {
  const there = new Map(state.users.map((user) => [user.user, user]));
  let [seen, writes, fewer] = [0, 0, 0];
  for (const { user, count } of of) {
    const at = there.get(user);
    // Whoever has gone on from there by a later hand-over had arrived
    const wentOn = at !== undefined && at.role !== 'authority' && at.epoch > epoch;
    const here = at === undefined ? state.role === 'authority' : at.role === 'authority' && at.epoch >= epoch;
    if (here || wentOn) seen += 1;
    const held = wentOn ? count : Math.min(count, at?.count ?? 0);
    writes += held;
    if (held < count) fewer += 1;
  }
  const expected = of.reduce((sum, { count }) => sum + count, 0);
  return seen === of.length && fewer === 0
    ? null
    : { users: { expected: of.length, seen }, writes: { expected, seen: writes }, fewer };
}

function arrivedBySums(epoch: number, count: number, state: ApplicationState, whom: string): Shortfall | null {
  const writes = state.users.reduce((sum, user) => sum + user.count, 0);
  const older = state.users.some((user) => user.user === whom && user.epoch < epoch);
  const here = serves(state, whom) && !older;
  return here && writes >= count
    ? null
    : {
        users: { expected: 1, seen: here ? 1 : 0 },
        writes: { expected: count, seen: writes },
        fewer: writes < count ? 1 : 0,
      };
}

/** It is the authority of all of them, as the receipt says, and has fewer of their writes: nothing more will come. */
export const contradicts = ({ users, fewer }: Shortfall): boolean => users.seen === users.expected && fewer > 0;

/** Both figures, for whoever has to decide. */
export const shortfallTold = ({ users, writes }: Shortfall): string =>
  `the target has ${writes.seen} writes of these users, the receipt says ${writes.expected}; it is the authority of ${users.seen}, the receipt says ${users.expected}`;
