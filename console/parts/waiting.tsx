import { useState } from 'preact/hooks';
import type { Fencing } from '../../api/northbound/table/fences.ts';
import type { Problem, Relocation } from '../../api/resources.ts';
import { post, problemOf } from '../known/ask.ts';
import { timeOf, waitsForPerson } from '../words.ts';
import { Move } from './move.tsx';
import { Said } from './said.tsx';

interface Props {
  readonly moves: readonly Relocation[];
  readonly fences: readonly Fencing[];
  readonly chosen: string | undefined;
  readonly choose: (id: string) => void;
  readonly fenced: (fencing: Fencing) => void;
}

/** What does not go on without a person: the longest waiting first. */
export function Waiting({ moves, fences, chosen, choose, fenced }: Props) {
  const waiting = moves
    .filter(waitsForPerson)
    .toSorted((a, b) => (a.since ?? a.startedAt).localeCompare(b.since ?? b.startedAt));
  const lost = fences
    .filter(({ endedAt, state }) => endedAt === null && state !== 'retiring')
    .toSorted((a, b) => a.startedAt.localeCompare(b.startedAt));
  if (waiting.length + lost.length === 0) return null;
  return (
    <section class="waiting" aria-label="Waits for a person">
      <h2>
        Waits for a person <em>{waiting.length + lost.length}</em>
      </h2>
      <ul>
        {waiting.map((move) => (
          <Move key={move.id} {...{ move, chosen, choose }}>
            <small title={whyOf(move)}>{whyOf(move)}</small>
            {move.since !== null && <time dateTime={move.since}>since {timeOf(move.since)}</time>}
          </Move>
        ))}
        {lost.map((fencing) => (
          <Lost key={fencing.id} fencing={fencing} fenced={fenced} />
        ))}
      </ul>
    </section>
  );
}

const whyOf = ({ waitingFor }: Relocation): string => waitingFor?.lastFailure ?? waitingFor?.what ?? '';

/** A source that nobody could stop: it is fenced when it comes back, and a person knows whether it ever will. */
function Lost({ fencing, fenced }: { readonly fencing: Fencing } & Pick<Props, 'fenced'>) {
  const { id, application, source, target, startedAt } = fencing;
  const [sure, setSure] = useState(false);
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const scrap = async (): Promise<void> => {
    setAsking(true);
    setProblem(null);
    try {
      fenced(await post<Fencing>(`/v1/fences/${encodeURIComponent(id)}/scrap`));
    } catch (error) {
      setProblem(problemOf(error));
    }
    setAsking(false);
    setSure(false);
  };
  return (
    <li>
      <article class="lost parked" aria-label={`${application} at ${source}, taken to be dead`}>
        <b>
          {application} at {source}
        </b>
        <span class="badge">taken to be dead</span>
        <small>
          {target} serves in its place. Nobody could stop it: it may go on writing for whoever reaches it, until it
          comes back and is fenced.
        </small>
        <div class="actions">
          <button
            type="button"
            class={sure ? 'sure' : ''}
            disabled={asking}
            onClick={() => (sure ? void scrap() : setSure(true))}
          >
            {sure ? 'Nobody would fence it. Gone for good?' : 'It is gone for good'}
          </button>
        </div>
        <time dateTime={startedAt}>since {timeOf(startedAt)}</time>
        {problem !== null && <Said problem={problem} />}
      </article>
    </li>
  );
}
