import { size } from './intervals.ts';
import { ALL, type Entry, isContext, type Prepare } from './messages.ts';
import { type State, standingOf } from './state.ts';

/** The context of each of these users, or where he is: before the decision, and (`given`) as it gave them away. */
export function entriesOf(state: State, users: string, given: number | null = null): Entry[] {
  const named = users === ALL ? [...state.users] : [[users, standingOf(state, users)] as const];
  return named.flatMap(([user, { role, epoch, accepted, address, to }]): Entry[] => {
    const moves = given === null ? role === 'authority' : role !== 'authority' && epoch === given;
    if (moves) return [{ user, epoch, accepted, address }];
    const at = role === 'authority' ? state.self : to;
    return at === null ? [] : [{ user, epoch, to: at }];
  });
}

/** Those that the target has not got in this form. */
export const newsFor = (sent: ReadonlyMap<string, string>, entries: readonly Entry[]): Entry[] =>
  entries.filter((entry) => sent.get(entry.user) !== stamp(entry));

/** Changes whenever there is something new to tell: within one epoch, what was accepted only grows. */
export const stamp = (entry: Entry): string =>
  isContext(entry) ? `${entry.epoch}:${size(entry.accepted)}` : `${entry.epoch}>${entry.to}`;

export const totalOf = (entries: readonly Entry[]): Prepare['total'] => ({
  entries: entries.length,
  count: entries.reduce((sum, entry) => sum + (isContext(entry) ? size(entry.accepted) : 0), 0),
});
