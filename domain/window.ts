import type { EvacuationCounts } from './evacuation.ts';

export const WIDEST = 500;

export const isWindow = (size: number): boolean => Number.isInteger(size) && size >= 1 && size <= WIDEST;

/** Users of an application who are to leave a site: all of an instance (`*`), or one. */
export interface Leaver {
  readonly application: string;
  readonly users: string;
}

export interface Move extends Leaver {
  readonly target: string;
}

/** How a move ended. `elsewhere`: this target could not take it, another may. `again`: it was not ours, and is still to be done. */
export type Landed = 'moved' | 'failed' | 'elsewhere' | 'again';

interface Waiting extends Leaver {
  /** Targets that could not take it. */
  readonly tried: readonly string[];
}

/** Names have no blanks. */
export const nameOf = ({ application, users }: Leaver): string => `${application} ${users}`;

/**
 * A window that slides over all that has to leave a site: as soon as one has ended the next one goes, to the target that
 * has the fewest under way. No target takes more than half of the window, where there are others; and whoever waits for a
 * target lets pass who may go. What failed is undone beside it. Pure: what it says is done elsewhere.
 */
export class Window {
  readonly #targets: readonly string[];
  /** Who was begun and is to go again comes before all others. */
  readonly #returned = new Map<string, Waiting>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #underWay = new Map<string, Waiting & Move>();
  /** Of those under way, who waits for a person: they take no room. */
  #resting: ReadonlySet<string> = new Set();
  /** Who is only being undone: nothing is asked of a target for them but that. */
  #goingBack: ReadonlySet<string> = new Set();
  /** Who was ever found or begun: nobody comes in twice. */
  readonly #known = new Set<string>();
  /** Of each application: those who have to be gone before `*` follows. */
  readonly #ahead = new Map<string, number>();
  #moved = 0;
  #failed = 0;

  constructor(targets: readonly string[], leavers: readonly Leaver[] = []) {
    this.#targets = targets;
    this.add(leavers);
  }

  /** Found to be there: all of an application that are found, since `*` waits for the others. */
  add(leavers: readonly Leaver[]): void {
    for (const leaver of leavers) {
      if (this.knows(leaver)) continue;
      this.#known.add(nameOf(leaver));
      this.#waiting.set(nameOf(leaver), { ...leaver, tried: [] });
      this.#count(leaver, 1);
    }
  }

  knows(leaver: Leaver): boolean {
    return this.#known.has(nameOf(leaver));
  }

  get counts(): EvacuationCounts {
    const [moved, failed, underWay] = [this.#moved, this.#failed, this.#underWay.size];
    const left = this.#returned.size + this.#waiting.size;
    const resting = [...this.#underWay.keys()].filter((name) => this.#resting.has(name)).length;
    return { total: moved + failed + underWay + left, moved, failed, underWay, resting, left };
  }

  /** The next that may go, which is under way from now on; undefined: none, before something ends. */
  next(size: number): Move | undefined {
    const passedOver = this.#passedOver(size);
    const [load, all] = [this.#load(passedOver), this.#load(new Set())];
    if ([...load.values()].reduce((sum, n) => sum + n, 0) >= size) return undefined;
    const most = this.#targets.length === 1 ? size : Math.max(1, Math.floor(size / 2));
    // Where nothing succeeds much is being undone: it is not the one that has least to do
    const free = this.#targets
      .filter((target) => (load.get(target) ?? 0) < most)
      .toSorted((a, b) => (all.get(a) ?? 0) - (all.get(b) ?? 0));
    if (free.length === 0) return undefined;
    for (const queue of [this.#returned, this.#waiting])
      for (const [name, waiting] of queue) {
        const target = this.#mayGo(waiting) ? free.find((each) => !waiting.tried.includes(each)) : undefined;
        if (target === undefined) continue;
        queue.delete(name);
        return this.#goes({ ...waiting, target });
      }
    return undefined;
  }

  /** One that was begun before is under way; `tried`: where it was before that. */
  adopt(move: Move, tried: readonly string[] = []): Move {
    this.#forget(move);
    this.#count(move, 1);
    return this.#goes({ ...move, tried });
  }

  /** One that was moved before. */
  gone(leaver: Leaver): void {
    this.#forget(leaver);
    this.#moved += 1;
  }

  /** Returns what became of it: where no other target is left `elsewhere` has failed too. */
  lands(move: Move, how: Landed): Landed {
    const { tried = [] } = this.#underWay.get(nameOf(move)) ?? {};
    this.#underWay.delete(nameOf(move));
    const { application, users } = move;
    if (how === 'again') this.#returned.set(nameOf(move), { application, users, tried });
    const now = [...tried, move.target];
    const other = how === 'elsewhere' && this.#targets.some((target) => !now.includes(target));
    if (other) this.#returned.set(nameOf(move), { application, users, tried: now });
    if (other || how === 'again') return how;
    this.#count(move, -1);
    if (how === 'moved') this.#moved += 1;
    else this.#failed += 1;
    return how === 'moved' ? 'moved' : 'failed';
  }

  /** Which of those under way wait for a person. */
  rest(names: ReadonlySet<string>): void {
    this.#resting = names;
  }

  /** Which of those under way are only being undone. */
  goBack(names: ReadonlySet<string>): void {
    this.#goingBack = names;
  }

  #goes(move: Waiting & Move): Move {
    this.#underWay.set(nameOf(move), move);
    const { application, users, target } = move;
    return { application, users, target };
  }

  /** They take no room either, as long as they are not more than half of the window: what is undone is work too. */
  #passedOver(size: number): ReadonlySet<string> {
    const back = [...this.#underWay.keys()].filter((name) => this.#goingBack.has(name) && !this.#resting.has(name));
    return new Set(back.slice(0, Math.floor(size / 2)));
  }

  #load(passedOver: ReadonlySet<string>): Map<string, number> {
    const load = new Map<string, number>();
    for (const [name, { target }] of this.#underWay)
      if (!this.#resting.has(name) && !passedOver.has(name)) load.set(target, (load.get(target) ?? 0) + 1);
    return load;
  }

  #mayGo({ application, users }: Leaver): boolean {
    return users !== '*' || (this.#ahead.get(application) ?? 0) === 0;
  }

  #forget(leaver: Leaver): void {
    this.#known.add(nameOf(leaver));
    if (this.#waiting.delete(nameOf(leaver))) this.#count(leaver, -1);
  }

  #count({ application, users }: Leaver, by: 1 | -1): void {
    if (users !== '*') this.#ahead.set(application, (this.#ahead.get(application) ?? 0) + by);
  }
}
