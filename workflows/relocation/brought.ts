import type { Checked } from '../../activities/relocation/check.ts';
import type { CopiesOrder, PathTurns } from '../../activities/relocation/copy-ahead.ts';
import type { Started } from '../../activities/relocation/instance.ts';
import { together, type SeenInLists } from '../../domain/subscription.ts';
import { keptIn } from '../kit/failure.ts';

/**
 * What a relocation has brought about so far, in any attempt of any pass: what an undo has to know. Names, and sealed
 * rules.
 */
export class Brought {
  /** The instance that promised its users; null: none is known. */
  from: string | null = null;
  /** The target instance; null: none is known. */
  to: string | null = null;
  /** The instance that was made for this relocation; null: none is known. */
  own: string | null = null;
  /** What the first check found at the target. */
  there: Checked['there'] = null;
  drainMs = 0;
  /** Subscriptions made at the target. */
  made: readonly string[] = [];
  /** Where the step that makes them failed: what the target had before it. */
  before: readonly string[] | null = null;
  /** What of the path may have been turned. */
  turns: PathTurns | null = null;
  /** Subscriptions seen at the source. */
  seen: SeenInLists = {};
  #how: Started['how'] | undefined;
  #checked = false;

  /** `earlier`: by a run of the chain that this one goes on with. */
  constructor(earlier: BroughtBefore = {}) {
    Object.assign(this, earlier);
    this.#checked = 'from' in earlier;
  }

  /** What later steps have to know of subscriptions. */
  get subscriptions(): { readonly seen: SeenInLists; readonly made: readonly string[] } {
    return { seen: this.seen, made: this.made };
  }

  /** What their undo has to know. */
  get copies(): Pick<CopiesOrder, 'made' | 'before' | 'seen'> {
    return { ...this.subscriptions, before: this.before };
  }

  /** Anchors that are taken along; nothing: an older run has not told. */
  get taken(): { readonly anchors?: readonly string[] } {
    const anchors = this.turns?.anchors;
    return anchors === undefined ? {} : { anchors: anchors.flatMap(({ ids }) => ids) };
  }

  found(checked: Pick<Checked, 'from' | 'there' | 'drainMs'>): { from: string } {
    if (!this.#checked) this.there = checked.there;
    this.#checked = true;
    this.from = checked.from;
    this.drainMs = Math.max(this.drainMs, checked.drainMs);
    return { from: checked.from };
  }

  /** How the instance came to run, in the first pass: later ones find it. */
  how(how: Started['how']): Started['how'] {
    this.#how ??= how;
    return this.#how;
  }

  /** A step may have brought something about and still fail: then it tells what. */
  keeping<T extends Told>(work: () => Promise<T>): () => Promise<T> {
    return async () => {
      try {
        const done = await work();
        this.#learn(done);
        return done;
      } catch (error) {
        const { from, to, made, before, instance } = keptIn(error);
        if (typeof from === 'string') this.from = from;
        this.#learn({ ...(typeof to === 'string' && { to }), ...(made !== undefined && { made: idsIn(made) }) });
        if (typeof instance === 'string') this.own = instance;
        if (before !== undefined) this.before = idsIn(before);
        throw error;
      }
    };
  }

  #learn(told: Told | { readonly made?: readonly string[] }): void {
    if ('from' in told) this.from = told.from;
    if ('to' in told) this.to = told.to;
    if ('how' in told && told.how === 'created') this.own = this.to;
    // A first check looks for itself; the other steps have looked for what was seen before
    if ('seen' in told && told.seen !== undefined)
      this.seen = 'from' in told ? together(this.seen, told.seen) : told.seen;
    if ('made' in told && told.made !== undefined) this.made = [...new Set([...this.made, ...told.made])];
  }
}

export type BroughtBefore = Partial<Pick<Brought, 'from' | 'to' | 'own' | 'there' | 'made' | 'before'>>;

type Told =
  | { readonly from: string; readonly seen?: SeenInLists }
  | { readonly to: string; readonly how?: string }
  | { readonly made: readonly string[]; readonly seen?: SeenInLists }
  | { readonly devices: boolean; readonly seen?: SeenInLists; readonly made?: readonly string[] };

/** As a step keeps them. */
const idsIn = (kept: unknown): readonly string[] => (typeof kept === 'string' ? (JSON.parse(kept) as string[]) : []);
