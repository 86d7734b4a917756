import type { Relocation } from '../../api/resources.ts';
import { timeOf, waitsForPerson } from '../words.ts';
import { Move } from './move.tsx';

interface Props {
  readonly moves: readonly Relocation[];
  readonly chosen: string | undefined;
  readonly choose: (id: string) => void;
}

/** What does not go on without a person: the longest waiting first. */
export function Waiting({ moves, chosen, choose }: Props) {
  const waiting = moves
    .filter(waitsForPerson)
    .toSorted((a, b) => (a.since ?? a.startedAt).localeCompare(b.since ?? b.startedAt));
  if (waiting.length === 0) return null;
  return (
    <section class="waiting" aria-label="Waits for a person">
      <h2>
        Waits for a person <em>{waiting.length}</em>
      </h2>
      <ul>
        {waiting.map((move) => (
          <Move key={move.id} {...{ move, chosen, choose }}>
            <small>{move.waitingFor?.lastFailure ?? move.waitingFor?.what ?? ''}</small>
            {move.since !== null && <time dateTime={move.since}>since {timeOf(move.since)}</time>}
          </Move>
        ))}
      </ul>
    </section>
  );
}
