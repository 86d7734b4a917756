import { size } from './accepted.ts';
import type { Journal } from './journal.ts';
import { ALL, authority, type Entry, isContext, type Kept, keptOf, overlap, type Peer, type State } from './state.ts';
import { Refused } from './wire.ts';

export interface Supersede {
  relocation: string;
  users: string;
  epoch: number;
  /** The instance that takes over; null: this one. */
  to: Peer | null;
  spared: boolean;
  elsewhere: { user: string; epoch: number; to: Peer }[];
}

/** The source of these users is taken to be dead: one instance takes its place, all others stop serving them, or are spared. */
export function supersede(state: State, asked: Supersede, journal: Journal): object {
  const { relocation, users, epoch, to, spared } = asked;
  const known = state.relocations.get(relocation);
  if (known?.phase === 'superseded') return known.body;
  if (known?.phase === 'kept') throw new Refused('Kept');
  const serves = state.of(users).role === 'authority';
  if (serves && (spared || to === null)) throw new Refused('Authority');
  const newest = Math.max(state.fence(users), state.of(users).epoch);
  if (epoch < newest || (epoch === newest && serves)) throw new Refused('Outdated');
  if (state.gone && to === null) throw new Refused('Retiring');
  state.fences.set(users, epoch);
  state.proposed = Math.max(state.proposed, epoch);
  const keys = (): string[] =>
    users === ALL ? [...state.users.keys()] : [...state.users.keys()].filter((key) => key === users);
  const serving = (): string[] => keys().filter((key) => state.known(key).role === 'authority');
  const kept = spared || to === null ? serving() : [];
  for (const key of kept) state.known(key).epoch = Math.max(state.known(key).epoch, epoch);
  if (to === null) takeOver(state, asked, keys(), journal);
  else
    giveWay(
      state,
      asked,
      to,
      keys().filter((key) => !kept.includes(key)),
      journal,
    );
  bury(state, asked);
  const served = serving().filter((key) => key !== ALL);
  const count = served.reduce((sum, key) => sum + size(state.known(key).accepted), 0);
  const body = { users: served.length, count, kept: kept.map((user) => ({ user, epoch: state.known(user).epoch })) };
  state.relocations.set(relocation, { phase: 'superseded', body });
  return body;
}

/** Takes the newest that it was given of each; of whom others have kept it knows where he is. */
function takeOver(state: State, { users, epoch, elsewhere }: Supersede, keys: string[], journal: Journal): void {
  const copies = new Map<string, Entry & Kept>();
  for (const known of state.relocations.values())
    if (known.phase === 'receiving' && overlap(known.users, users))
      for (const entry of [...known.staged.values()].filter(isContext)) {
        const other = copies.get(entry.user);
        if (other === undefined || entry.epoch > other.epoch || size(entry.accepted) > size(other.accepted))
          copies.set(entry.user, entry);
      }
  const whose = [...new Set([users, ...keys, ...copies.keys()])]
    .filter((user) => (users === ALL || user === users) && state.known(user).role !== 'authority')
    .filter((user) => elsewhere.every((one) => one.user !== user));
  const taken = whose.map((user) => ({ user, epoch, ...keptOf(copies.get(user) ?? state.known(user)) }));
  journal.write(taken);
  for (const one of taken) state.users.set(one.user, authority(epoch, one));
  for (const { user, to, epoch: at } of elsewhere) {
    state.users.set(user, { ...state.known(user), role: 'relay', epoch: Math.max(at, epoch), to });
    state.peers.add(to);
  }
}

function giveWay(state: State, { users, epoch }: Supersede, to: Peer, keys: string[], journal: Journal): void {
  const spared = state.known(users).role === 'authority' && !keys.includes(users) && state.users.has(users);
  const gone = spared ? keys : [...new Set([users, ...keys])];
  journal.write(gone.map((user) => ({ user, epoch, to })));
  state.peers.add(to);
  for (const user of gone) state.users.set(user, { ...state.known(user), role: 'relay', epoch, to });
}

/** What was promised and prepared of these users is over; whoever waits goes on as things are now. */
function bury({ relocations }: State, { users, to, spared }: Supersede): void {
  for (const [name, known] of relocations) {
    if ((known.phase === 'promised' || known.phase === 'receiving') && overlap(known.users, users)) {
      relocations.set(name, { phase: 'kept' });
      if (known.phase === 'promised') known.end('Kept');
    }
    // Of what the lost source has decided nobody needs to hear any more
    if (known.phase === 'handedOver' && to !== null && !spared && (users === ALL || known.users === users))
      known.committed = true;
  }
}
