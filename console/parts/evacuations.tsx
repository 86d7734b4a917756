import { useState } from 'preact/hooks';
import type { Evacuation } from '../../api/evacuation.ts';
import type { Problem } from '../../api/resources.ts';
import { ask, post, problemOf } from '../known/ask.ts';
import { buttonOf, evacuationTone, evacuationWord, timeOf } from '../words.ts';
import { onEscape } from './escape.ts';
import { Said } from './said.tsx';

interface Props {
  readonly evacuations: readonly Evacuation[];
  readonly answered: (evacuation: Evacuation) => void;
}

/** Those that ended stay in sight for a while: what they could not move is still there. */
const SHOWN = 3;

/** Sites that are emptied, and were lately: how far, how much at once, what failed. */
export function Evacuations({ evacuations, answered }: Props) {
  const all = evacuations.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt));
  const running = all.filter(({ endedAt }) => endedAt === null);
  const shown = [...running, ...all.filter(({ endedAt }) => endedAt !== null).slice(0, SHOWN)];
  if (shown.length === 0) return null;
  return (
    <section class="card evacuations" aria-label="Evacuations">
      <h2>
        Evacuations <em>{running.length}</em>
      </h2>
      <ul>
        {shown.map((one) => (
          <li key={one.id} class={evacuationTone(one)}>
            <One evacuation={one} answered={answered} />
          </li>
        ))}
      </ul>
    </section>
  );
}

const FAILURES = 5;

function One({ evacuation, answered }: { readonly evacuation: Evacuation } & Pick<Props, 'answered'>) {
  const { request, returns, startedAt, endedAt, waitingFor, failures, counts } = evacuation;
  const others = (request.among ?? []).join(', ');
  const more = (counts?.failed ?? failures.length) - Math.min(failures.length, FAILURES);
  return (
    <article aria-label={`${returns === null ? 'Evacuation of' : 'Return to'} ${request.site}`}>
      <p class="title">
        <b>{returns === null ? `${request.site} → ${others}` : `${others} → ${request.site}`}</b>
        <span class="badge">{evacuationWord(evacuation)}</span>
        <time dateTime={endedAt ?? startedAt}>{timeOf(endedAt ?? startedAt)}</time>
      </p>
      <Progress counts={counts} />
      {waitingFor !== null && counts === null && <p class="empty">{waitingFor.what}</p>}
      {waitingFor !== null && waitingFor.lastFailure !== null && (
        <p class="failure">
          attempt {waitingFor.attempt}: {waitingFor.lastFailure}
        </p>
      )}
      {failures.slice(0, FAILURES).map(({ application, users, target, failure, message }) => (
        <p key={`${application} ${users}`} class="failure">
          {application}, {users === '*' ? 'all users' : users}
          {target !== null && ` → ${target}`}: {failure}: {message}
        </p>
      ))}
      {more > 0 && failures.length > 0 && <p class="empty">and {more} more, among its moves</p>}
      <Words evacuation={evacuation} answered={answered} />
    </article>
  );
}

const share = (some: number): string => `flex-grow: ${some}`;

function Progress({ counts }: Pick<Evacuation, 'counts'>) {
  if (counts === null || counts.total === 0) return null;
  const { total, moved, failed, underWay, left } = counts;
  const rest = Object.entries({ 'under way': underWay, failed, 'not begun': left }).filter(([, some]) => some > 0);
  const told = [`${moved} of ${total} moved`, ...rest.map(([how, some]) => `${some} ${how}`)].join(', ');
  return (
    <>
      <div class="progress" role="img" aria-label={told}>
        <i class="moved" style={share(moved)} />
        <i class="way" style={share(underWay)} />
        <i class="lost" style={share(failed)} />
        <i style={share(left)} />
      </div>
      <p class="counts">{told}</p>
    </>
  );
}

const words = { pause: 'Pause', resume: 'Resume', cancel: 'Cancel' } as const;

function Words({ evacuation, answered }: { readonly evacuation: Evacuation } & Pick<Props, 'answered'>) {
  const [window, setWindow] = useState('');
  const [sure, setSure] = useState(false);
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const path = `/v1/evacuations/${encodeURIComponent(evacuation.id)}`;
  const say = async (work: () => Promise<Evacuation>): Promise<void> => {
    setAsking(true);
    setProblem(null);
    try {
      answered(await work());
      setWindow('');
    } catch (error) {
      setProblem(problemOf(error));
    }
    setAsking(false);
    setSure(false);
  };
  if (evacuation.endedAt !== null || evacuation.actions.length === 0) return null;
  return (
    <form
      class="actions"
      onKeyDown={onEscape(sure ? () => setSure(false) : null)}
      onSubmit={(event) => {
        event.preventDefault();
        void say(async () => await resized(path, Number(window)));
      }}
    >
      {evacuation.actions.map((action) => (
        <button
          key={action}
          type="button"
          disabled={asking}
          class={buttonOf(action, sure)}
          data-action={action}
          onClick={() =>
            action === 'cancel' && !sure
              ? setSure(true)
              : void say(async () => await post<Evacuation>(`${path}/${action}`))
          }
        >
          {action === 'cancel' && sure ? 'Begin nothing more?' : words[action]}
        </button>
      ))}
      <label class="window">
        at once
        <input
          type="number"
          min={1}
          max={1000}
          required
          value={window === '' ? evacuation.window : window}
          onInput={({ currentTarget }) => setWindow(currentTarget.value)}
        />
      </label>
      {window !== '' && Number(window) !== evacuation.window && (
        <button type="submit" disabled={asking}>
          Set
        </button>
      )}
      {problem !== null && <Said problem={problem} />}
    </form>
  );
}

const resized = async (path: string, window: number): Promise<Evacuation> =>
  (await (
    await ask(path, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ window }),
    })
  ).json()) as Evacuation;
