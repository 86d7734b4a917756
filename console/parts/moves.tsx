import type { Relocation } from '../../api/resources.ts';
import { latestFirst } from '../known/known.ts';
import { timeOf } from '../words.ts';
import { Move } from './move.tsx';
import { Pips } from './pips.tsx';

interface Props {
  readonly moves: readonly Relocation[];
  readonly told: boolean;
  readonly chosen: string | undefined;
  readonly choose: (id: string) => void;
}

const SHOWN = 12;

/** Every move that is under way, and the last that ended: also for who cannot see, or reach, an arc of the map. */
export function Moves({ moves, told, chosen, choose }: Props) {
  const running = moves.filter(({ endedAt }) => endedAt === null).toSorted(latestFirst);
  const ended = moves.filter(({ endedAt }) => endedAt !== null).toSorted(latestFirst);
  const list = (some: readonly Relocation[]) => (
    <ul>
      {some.map((move) => (
        <Move key={move.id} {...{ move, chosen, choose }}>
          <Pips move={move} />
          <time dateTime={move.endedAt ?? move.startedAt}>{timeOf(move.endedAt ?? move.startedAt)}</time>
        </Move>
      ))}
    </ul>
  );
  return (
    <>
      <section class="card moves" aria-label="Under way">
        <h2>
          Under way <em>{running.length}</em>
        </h2>
        {running.length > 0 && list(running)}
        {running.length === 0 && (
          <p class="empty">
            {told ? 'Nothing moves. Drag an application to a site, or choose it and then the site.' : 'Looking …'}
          </p>
        )}
      </section>
      {ended.length > 0 && (
        <section class="card moves" aria-label="Ended">
          <h2>Ended</h2>
          {list(ended.slice(0, SHOWN))}
        </section>
      )}
    </>
  );
}
