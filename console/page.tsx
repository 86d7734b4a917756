import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import type { Known } from './known/known.ts';
import { Detail } from './parts/detail.tsx';
import { onEscape } from './parts/escape.ts';
import { Evacuations } from './parts/evacuations.tsx';
import { Followers } from './parts/followers.tsx';
import { Header } from './parts/header.tsx';
import { NetworkMap } from './parts/map.tsx';
import { Moves } from './parts/moves.tsx';
import { Place } from './parts/place.tsx';
import { Planner, type Wish } from './parts/planner.tsx';
import { Plot } from './parts/plot.tsx';
import { Waiting } from './parts/waiting.tsx';

/** What is looked at beside the map. */
export type Focus = { readonly move: string } | { readonly wish: Wish } | { readonly site: string } | null;

export function Page({ known }: { readonly known: Known }) {
  const [, again] = useReducer((count: number) => count + 1, 0);
  useEffect(() => known.onChange(() => again(0)), [known]);
  const [focus, setFocus] = useState<Focus>(null);
  const beside = useRef<HTMLElement>(null);
  /** Where whoever opened it was: there he is again when it is closed. */
  const from = useRef<Element | null>(null);
  const show = (what: Focus): void => {
    const at = document.activeElement;
    if (at?.closest('.detail') == null) from.current = at;
    setFocus(what);
  };
  const { picture } = known;
  const moves = [...picture.moves.values()];
  const place = focus !== null && 'site' in focus ? picture.sites?.find(({ name }) => name === focus.site) : undefined;
  const chosen = focus !== null && 'move' in focus ? picture.moves.get(focus.move) : undefined;
  const choose = (id: string): void => show({ move: id });
  const leave = (): void => {
    setFocus(null);
    const back = from.current;
    const there = back instanceof HTMLElement && back.isConnected && back !== document.body ? back : beside.current;
    there?.focus({ preventScroll: true });
  };
  return (
    <>
      <Header picture={picture} />
      <main>
        <Waiting moves={moves} others={[...picture.waiting.values()]} chosen={chosen?.id} choose={choose} />
        <div class="stage">
          <div class="ahead">
            <NetworkMap
              picture={picture}
              moves={moves}
              chosen={chosen?.id}
              choose={choose}
              wish={focus !== null && 'wish' in focus ? focus.wish : null}
              plan={(wish) => show({ wish })}
              enter={(site) => show({ site })}
            />
            <Plot moves={moves} />
          </div>
          <aside
            id="details"
            aria-label="Details"
            tabIndex={-1}
            ref={beside}
            onKeyDown={onEscape(focus === null ? null : leave)}
          >
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
            {place !== undefined && (
              <Place
                key={place.name}
                site={place}
                peers={picture.peers}
                hold={picture.holds.get(place.name)}
                evacuation={[...picture.evacuations.values()].find(
                  ({ request, returns, endedAt }) =>
                    request.site === place.name && returns === null && endedAt === null,
                )}
                leave={leave}
                held={(hold) => known.held(hold)}
                reopened={(hold) => known.reopened(hold)}
                emptied={(evacuation) => known.emptied(evacuation)}
              />
            )}
            <Evacuations
              evacuations={[...picture.evacuations.values()]}
              answered={(evacuation) => known.emptied(evacuation)}
            />
            <Followers followers={[...picture.followers.values()]} />
            <Moves moves={moves} told={picture.sources !== null} chosen={chosen?.id} choose={choose} />
          </aside>
        </div>
      </main>
    </>
  );
}
