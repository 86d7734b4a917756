import { describe, expect, it } from 'vitest';
import { next, shipped, start, violation, type Rules, type State } from './way-back.world.ts';

interface Explored {
  readonly states: number;
  /** The shortest way to a bad state: what happened, and what is wrong; null: there is none. */
  readonly found: { readonly what: string; readonly trace: readonly string[] } | null;
}

/** Everything that can happen, breadth first. */
function explore(rules: Rules): Explored {
  const came = new Map<string, { readonly from: string | null; readonly label: string }>();
  const first = JSON.stringify(start);
  came.set(first, { from: null, label: 'it begins' });
  let layer: [string, State][] = [[first, start]];
  while (layer.length > 0) {
    const following: [string, State][] = [];
    for (const [text, state] of layer) {
      const what = violation(state);
      if (what !== null) return { states: came.size, found: { what, trace: wayTo(text) } };
      next(state, rules, (label, then) => {
        const key = JSON.stringify(then);
        if (came.has(key)) return;
        came.set(key, { from: text, label });
        following.push([key, then]);
      });
    }
    layer = following;
  }
  return { states: came.size, found: null };

  function wayTo(text: string): string[] {
    const trace: string[] = [];
    for (let at: string | null = text; at !== null; ) {
      const step: { readonly from: string | null; readonly label: string } | undefined = came.get(at);
      trace.unshift(step?.label ?? '');
      at = step?.from ?? null;
    }
    return trace;
  }
}

describe('the way back', () => {
  it('leaves nothing behind, however its steps and undos fail', () => {
    const { found, states } = explore(shipped);
    expect(found).toBeNull();
    expect(states).toBeGreaterThan(10_000);
  });

  it.each<[string, Partial<Rules>, string]>([
    [
      'the target goes before the path is turned back',
      { after: { ...shipped.after, removeTarget: ['releasePromise'] } },
      'a path leads to an instance that is gone',
    ],
    [
      'the target goes before the source has said that it serves',
      { after: { ...shipped.after, removeTarget: ['switchBack'] } },
      'the only copy of the context was destroyed',
    ],
    [
      'a source that serves nobody is believed',
      { believesServing: false },
      'the only copy of the context was destroyed',
    ],
    ['it ends with what it could not undo', { parks: false }, 'users are promised to a relocation that has ended'],
    [
      'an undo is registered after its step',
      { registersFirst: false },
      'users are promised to a relocation that has ended',
    ],
    [
      'every refusal is taken for one that touched nothing',
      { untouchedOnce: false },
      'users are promised to a relocation that has ended',
    ],
    ['a late promise is taken', { tombstone: false }, 'users are promised to a relocation that has ended'],
    [
      'all that was not there at the check is deleted',
      { madeOnly: false },
      "a subscription of the target's own was deleted",
    ],
    [
      'the second pass remembers what the first had turned',
      { firstFound: false },
      'a path leads to an instance that is gone',
    ],
    ['what is carried out late is not looked for', { looksAgain: false }, 'an instance is left'],
    [
      'a target on which others rely is taken away',
      { asksTheTarget: false },
      'an instance was taken from another relocation',
    ],
  ])('needs its rule: with "%s" it goes wrong', (_, change, what) => {
    const { found } = explore({ ...shipped, ...change });
    expect(found).not.toBeNull();
    expect(found?.what).toBe(what);
  });
});
