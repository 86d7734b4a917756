import { useState } from 'preact/hooks';
import type { Waiting as Other } from '../../api/northbound/table/waiting.ts';
import type { Problem, Relocation } from '../../api/resources.ts';
import { post, problemOf } from '../known/ask.ts';
import { actionWords, asksTwice, buttonOf, kindWords, timeOf, waitsForPerson } from '../words.ts';
import { onEscape } from './escape.ts';
import { Move } from './move.tsx';
import { Said } from './said.tsx';

interface Props {
  readonly moves: readonly Relocation[];
  readonly others: readonly Other[];
  readonly chosen: string | undefined;
  readonly choose: (id: string) => void;
}

/** What does not go on without a person, of every kind: the longest waiting first. */
export function Waiting({ moves, others, chosen, choose }: Props) {
  const waiting = moves
    .filter(waitsForPerson)
    .toSorted((a, b) => (a.since ?? a.startedAt).localeCompare(b.since ?? b.startedAt));
  const besides = others.toSorted((a, b) => a.waitingFor.since.localeCompare(b.waitingFor.since));
  if (waiting.length + besides.length === 0) return null;
  return (
    <section class="waiting" aria-label="Waits for a person">
      <h2>
        Waits for a person <em>{waiting.length + besides.length}</em>
      </h2>
      <ul>
        {waiting.map((move) => (
          <Move key={move.id} {...{ move, chosen, choose }}>
            <small title={whyOf(move)}>{whyOf(move)}</small>
            {move.since !== null && <time dateTime={move.since}>since {timeOf(move.since)}</time>}
          </Move>
        ))}
        {besides.map((other) => (
          <One key={`${other.kind} ${other.id} ${other.waitingFor.since}`} other={other} />
        ))}
      </ul>
    </section>
  );
}

const whyOf = ({ waitingFor }: Pick<Relocation, 'waitingFor'>): string =>
  waitingFor?.lastFailure ?? waitingFor?.what ?? '';

/** What an evacuation has moved stays where it is. */
const questionOf = (action: Other['actions'][number]): string | undefined =>
  action === 'cancel' ? 'Begin nothing more?' : asksTwice[action];

/** Exactly what the API offers now; what was said stands until it is told what came of it. */
function One({ other }: { readonly other: Other }) {
  const { kind, about, state, waitingFor, actions, links } = other;
  const [sure, setSure] = useState<string | null>(null);
  const [said, setSaid] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const say = async (action: Other['actions'][number]): Promise<void> => {
    if (questionOf(action) !== undefined && sure !== action) return setSure(action);
    setSaid(true);
    setProblem(null);
    try {
      await post(`${links.self}/${action}`);
    } catch (error) {
      setProblem(problemOf(error));
      setSaid(false);
    }
    setSure(null);
  };
  return (
    <li>
      <article
        class="other parked"
        aria-label={`${kindWords[kind]}: ${about}`}
        onKeyDown={onEscape(sure === null ? null : () => setSure(null))}
      >
        <b title={about}>{about}</b>
        <span class="badge">{kind === 'fence' ? kindWords[kind] : `${kindWords[kind]}, ${state}`}</span>
        <small>{waitingFor.what}</small>
        {waitingFor.lastFailure !== null && <small class="failure">{waitingFor.lastFailure}</small>}
        {actions.length > 0 && (
          <div class="actions">
            {actions.map((action) => (
              <button
                key={action}
                type="button"
                class={sure === action ? 'sure' : buttonOf(action, false)}
                disabled={said}
                onClick={() => void say(action)}
              >
                {sure === action ? questionOf(action) : actionWords[action]}
              </button>
            ))}
          </div>
        )}
        <time dateTime={waitingFor.since}>since {timeOf(waitingFor.since)}</time>
        {problem !== null && <Said problem={problem} />}
      </article>
    </li>
  );
}
