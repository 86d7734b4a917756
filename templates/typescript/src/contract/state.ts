import { type Context, empty } from '../context.ts';
import { type Accepted, size } from './accepted.ts';

/** Which instance serves whom, as this one knows it. Whatever changes it does so without waiting in between. */

/** Whoever is not listed by name. */
export const ALL = '*';
/** An instance, by its management endpoint as a URI has it: an address of IPv6 in brackets. */
export type Peer = string;

export const peerAt = (host: string, port: number): Peer => `${host.includes(':') ? `[${host}]` : host}:${port}`;

export function endpointOf(peer: Peer): { host: string; port: number } {
  const colon = peer.lastIndexOf(':');
  return { host: peer.slice(0, colon).replaceAll(/[[\]]/g, ''), port: Number(peer.slice(colon + 1)) };
}

/** The provider's context, carried whole, whatever is in it; and the writes that made it. */
export interface Kept {
  context: Context;
  accepted: Accepted;
}
export const nothing: Kept = { context: empty, accepted: [] };
/** That alone, of whatever has more. */
export const keptOf = ({ context, accepted }: Kept): Kept => ({ context, accepted });

export interface Standing extends Kept {
  role: 'authority' | 'standby' | 'relay';
  /** The hand-over that this goes back to; 0: none. */
  epoch: number;
  /** Whom to relay to. */
  to: Peer | null;
  /** Resolves when the freeze is over. */
  frozen: Promise<void> | null;
}

/** What one instance tells another of a user: his context, from his authority; or where he is instead. */
export type Entry = { user: string; epoch: number } & (Kept | { to: Peer });
export const isContext = (entry: Entry): entry is Entry & Kept => 'context' in entry;

export interface Prepare {
  relocation: string;
  users: string;
  source: Peer;
  number: number;
  entries: Entry[];
  total: { entries: number; count: number };
}

/** The users were given to the target: it has heard of that, or is told until it has. */
export interface HandedOver {
  phase: 'handedOver';
  users: string;
  target: Peer;
  keys: string[];
  receipt: { relocation: string; epoch: number; users: number; count: number; of: object[]; freezeMs: number };
  committed: boolean;
  retired: boolean;
}
export interface Promised {
  phase: 'promised';
  users: string;
  target: Peer | null;
  /** What the target has: a stamp by user. */
  sent: Map<string, string>;
  /** Whoever asks for the hand-over waits for the one that is under way. */
  handingOver: Promise<object> | null;
  /** Ends the freeze without a decision. */
  end: (refused: string) => void;
}
export interface Receiving {
  phase: 'receiving';
  users: string;
  staged: Map<string, Entry>;
  /** The number of the freeze whose last delta is staged. */
  prepared: number | null;
  copiedAt: number | null;
}
export type Relocation =
  | Promised
  | HandedOver
  | Receiving
  | { phase: 'kept' }
  | { phase: 'received'; number: number }
  | { phase: 'superseded'; body: object };

const nobody = (): Standing => ({ role: 'standby', epoch: 0, ...nothing, to: null, frozen: null });

export const authority = (epoch: number, kept: Kept): Standing => ({
  role: 'authority',
  epoch,
  ...keptOf(kept),
  to: null,
  frozen: null,
});

/** A started instance is the standby of nobody, whatever it was before. */
export class State {
  readonly users = new Map<string, Standing>([[ALL, nobody()]]);
  readonly relocations = new Map<string, Relocation>();
  /** Instances with which it had to do: any of them may relay to it, or know one that does. */
  readonly peers = new Set<Peer>();
  /** By user, or for `*`: what is older is from before a takeover. */
  readonly fences = new Map<string, number>();
  /** The number of the last freeze. */
  proposed = 0;
  freezes = 0;
  /** It said that it goes: it takes nobody any more. */
  gone = false;
  /** It tells others that it may go. */
  leaving = false;
  /** Relocations that came here: whoever takes leave stays for them. */
  arrivals = 0;

  of(user: string): Standing {
    return this.users.get(user) ?? this.users.get(ALL) ?? nobody();
  }

  /** Exactly this one. */
  known(user: string): Standing {
    return this.users.get(user) ?? nobody();
  }

  /** Gives him a standing of his own. */
  list(user: string): Standing {
    const own = this.users.get(user) ?? { ...this.of(user) };
    this.users.set(user, own);
    return own;
  }

  served(users: string): string[] {
    return [...this.users].flatMap(([key, { role }]) =>
      role === 'authority' && (users === ALL || users === key) ? [key] : [],
    );
  }

  /** The relocation to which one of these users is promised. */
  promisedTo(users: string): string | null {
    for (const [name, known] of this.relocations)
      if (known.phase === 'promised' && overlap(known.users, users)) return name;
    return null;
  }

  /** Older news than its own is none, and an authority needs none. */
  learn(user: string, epoch: number, to: Peer, self: Peer): void {
    const own = this.known(user);
    if (own.role !== 'authority' && epoch >= own.epoch && to !== self) this.users.set(user, { ...own, epoch, to });
  }

  fence(user: string): number {
    return Math.max(0, ...[...this.fences].flatMap(([whom, epoch]) => (overlap(whom, user) ? [epoch] : [])));
  }
}

export const overlap = (a: string, b: string): boolean => a === ALL || b === ALL || a === b;

/** Changes whenever there is something new to tell. */
export const stamp = (entry: Entry): string =>
  isContext(entry) ? `${entry.epoch}:${size(entry.accepted)}` : `${entry.epoch}>${entry.to}`;

export const totalOf = (entries: readonly Entry[]): Prepare['total'] => ({
  entries: entries.length,
  count: entries.reduce((sum, entry) => sum + (isContext(entry) ? size(entry.accepted) : 0), 0),
});

/** A promise, and what settles it. */
export function deferred<T>(): { awaited: Promise<T>; settle: (value: T) => void } {
  const parts: { settle?: (value: T) => void } = {};
  const awaited = new Promise<T>((resolve) => {
    parts.settle = resolve;
  });
  return { awaited, settle: (value) => parts.settle?.(value) };
}
