import { useEffect, useReducer, useState } from 'preact/hooks';
import type { Known } from './known/known.ts';
import { Detail } from './parts/detail.tsx';
import { Header } from './parts/header.tsx';
import { NetworkMap } from './parts/map.tsx';
import { Moves } from './parts/moves.tsx';
import { Planner, type Wish } from './parts/planner.tsx';
import { Plot } from './parts/plot.tsx';
import { Waiting } from './parts/waiting.tsx';

/** What is looked at beside the map. */
export type Focus = { readonly move: string } | { readonly wish: Wish } | null;

export function Page({ known }: { readonly known: Known }) {
  const [, again] = useReducer((count: number) => count + 1, 0);
  useEffect(() => known.onChange(() => again(0)), [known]);
  const [focus, setFocus] = useState<Focus>(null);
  const { picture } = known;
  const moves = [...picture.moves.values()];
  const chosen = focus !== null && 'move' in focus ? picture.moves.get(focus.move) : undefined;
  const choose = (id: string): void => setFocus({ move: id });
  const leave = (): void => setFocus(null);
  return (
    <>
      <Header picture={picture} />
      <main>
        <Waiting moves={moves} chosen={chosen?.id} choose={choose} />
        <div class="stage">
          <div class="ahead">
            <NetworkMap
              picture={picture}
              moves={moves}
              chosen={chosen?.id}
              choose={choose}
              wish={focus !== null && 'wish' in focus ? focus.wish : null}
              plan={(wish) => setFocus({ wish })}
            />
            <Plot moves={moves} />
          </div>
          <aside aria-label="Details">
            {focus !== null && 'wish' in focus && (
              <Planner
                key={`${focus.wish.application} ${focus.wish.source} ${focus.wish.target}`}
                wish={focus.wish}
                leave={leave}
                begun={(move) => {
                  known.heard(move);
                  choose(move.id);
                }}
              />
            )}
            {chosen !== undefined && (
              <Detail
                key={chosen.id}
                move={chosen}
                leave={leave}
                answered={(move, before) => known.heard(move, before)}
              />
            )}
            <Moves moves={moves} told={picture.sources !== null} chosen={chosen?.id} choose={choose} />
          </aside>
        </div>
      </main>
    </>
  );
}
