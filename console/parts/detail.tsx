import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Problem, Relocation } from '../../api/resources.ts';
import type { Action } from '../../domain/actions.ts';
import { stepNames, steps } from '../../domain/steps.ts';
import { freshKey, post, problemOf } from '../known/ask.ts';
import { Waits } from './waits.tsx';
import {
  actionWords,
  asksTwice,
  buttonOf,
  directions,
  duration,
  standing,
  stepsDone,
  timeOf,
  toneOf,
  users,
  whose,
} from '../words.ts';
import { onEscape } from './escape.ts';
import { Recover } from './recover.tsx';
import { Said } from './said.tsx';

interface Props {
  readonly move: Relocation;
  readonly leave: () => void;
  readonly answered: (move: Relocation, before: Relocation) => void;
}

/** One move: what it waits for, what may be done, and its nine steps. */
export function Detail({ move, leave, answered }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <section class={`card detail ${toneOf(move)}`} aria-label="A move">
      <div class="title">
        <h2 tabIndex={-1} ref={heading}>
          {move.request.application}
        </h2>
        <span class="badge">{standing(move)}</span>
        <button type="button" class="leave" aria-label="Close" onClick={leave}>
          ×
        </button>
      </div>
      <p class="route">
        <b>{move.request.source}</b> → <b>{move.request.target}</b>
        <span>
          {whose(move)}, {directions[move.direction]}
        </span>
      </p>
      <Waits waitingFor={move.waitingFor} />
      <Actions move={move} answered={answered} heading={heading} />
      {move.state === 'terminated' && (
        <div class="said bad">
          <b>Ended from outside</b>
          <p>Nothing was cleaned up: instances, subscriptions and rules are as they were, users may stay promised.</p>
          <p>To have it go on, or undone, reset this run in Temporal.</p>
        </div>
      )}
      <Steps move={move} />
      <Result move={move} />
      <p class="foot">
        started {timeOf(move.startedAt)}
        {move.endedAt !== null && `, ended ${timeOf(move.endedAt)}`}
        {isPage(move.links.temporal) && (
          <a href={move.links.temporal} target="_blank" rel="noreferrer">
            in Temporal
          </a>
        )}
      </p>
    </section>
  );
}

/** A link leads to a page, whatever is told. */
const isPage = (url: string | null): url is string => url !== null && /^https?:\/\//.test(url);

/** Exactly those that the API offers now. */
function Actions({
  move,
  answered,
  heading,
}: Pick<Props, 'move' | 'answered'> & { readonly heading: RefObject<HTMLElement | null> }) {
  const whole = useRef<HTMLDivElement>(null);
  const [sure, setSure] = useState<Action | null>(null);
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  useLayoutEffect(() => setSure(null), [move.state]);
  const say = async (action: Action, body?: object): Promise<void> => {
    const asked = sure === action || (asksTwice[action] === undefined && action !== 'recover');
    if (!asked) return setSure(action);
    setAsking(true);
    setProblem(null);
    try {
      const path = `/v1/relocations/${encodeURIComponent(move.id)}/${action}`;
      answered(await post<Relocation>(path, body, { 'idempotency-key': freshKey() }), move);
    } catch (error) {
      setProblem(problemOf(error));
    }
    setAsking(false);
    setSure(null);
    refocus();
  };
  /** Who was on what is gone, or was out of use meanwhile, is nowhere. */
  const refocus = (): void => {
    if (sure === 'recover' || document.activeElement === document.body)
      requestAnimationFrame(() => (whole.current?.querySelector<HTMLElement>('button') ?? heading.current)?.focus());
  };
  /** Before what he is in is gone: the next key is his, too. */
  const letGo = (): void => {
    if (sure === 'recover') whole.current?.querySelector<HTMLElement>('[data-action=recover]')?.focus();
    setSure(null);
  };
  if (move.actions.length === 0 && problem === null) return null;
  return (
    <div class="actions" ref={whole} onKeyDown={onEscape(sure === null ? null : letGo)}>
      {move.actions.map((action) => (
        <button
          key={action}
          type="button"
          disabled={asking}
          class={buttonOf(action, sure === action)}
          data-action={action}
          aria-expanded={action === 'recover' ? sure === action : undefined}
          onClick={() => (action === 'recover' && sure === action ? letGo() : void say(action))}
        >
          {(sure === action ? asksTwice[action] : undefined) ?? actionWords[action]}
        </button>
      ))}
      {sure === 'recover' && (
        <Recover move={move} asking={asking} leave={letGo} accepted={(accept) => void say('recover', { accept })} />
      )}
      {problem !== null && <Said problem={problem} />}
    </div>
  );
}

function Steps({ move }: Pick<Props, 'move'>) {
  const done = stepsDone(move);
  const failed = move.result?.failure?.step;
  const over = move.endedAt !== null;
  return (
    <ol class="steps">
      {stepNames.map((name, at) => {
        const how =
          name === failed ? 'failed' : at < done ? 'done' : at === done && move.step && !over ? 'now' : 'to come';
        const ms = move.durationsMs[name];
        return (
          <li key={name} class={how.replace(' ', '')} aria-current={how === 'now' ? 'step' : undefined}>
            <span>{steps[name].title}</span>
            <small>{ms === undefined ? (how === 'failed' ? 'failed' : '') : duration(ms)}</small>
          </li>
        );
      })}
    </ol>
  );
}

function Result({ move: { result } }: Pick<Props, 'move'>) {
  if (result === null) return null;
  const { failure, leftovers, moved, freezeMs, interruption, writerOverlap, totalMs, pathObserved } = result;
  const { recovery, cancelTooLate, waitedMs = 0 } = result;
  return (
    <>
      {recovery != null && (
        <div class="said">
          <b>The source was taken to be dead</b>
          <p>
            {recovery.writes} writes of {users(recovery.users)} were saved.
            {recovery.mayBeLost !== undefined && ` May be lost: ${recovery.mayBeLost}.`}
            {recovery.mayHaveWritten !== undefined && ` May have written: ${recovery.mayHaveWritten}.`}
          </p>
        </div>
      )}
      {cancelTooLate && <p class="said">A cancellation came too late: the hand-over had begun.</p>}
      {failure !== null && (
        <div class="said bad">
          <b>{failure.type}</b>
          <p>{failure.message}</p>
          <p>{failure.remedy}</p>
        </div>
      )}
      {leftovers.map(({ undo, type, message, remedy }) => (
        <div key={undo} class="said bad">
          <b>left behind: {type}</b>
          <p>{message}</p>
          <p>{remedy}</p>
        </div>
      ))}
      <dl class="facts">
        <dt>took</dt>
        <dd>{duration(totalMs)}</dd>
        {waitedMs > 0 && (
          <>
            <dt>of it waiting</dt>
            <dd>{duration(waitedMs)}</dd>
          </>
        )}
        {recovery?.tookMs !== undefined && (
          <>
            <dt>taken over in</dt>
            <dd>{duration(recovery.tookMs)}</dd>
          </>
        )}
        {freezeMs !== null && (
          <>
            <dt>frozen</dt>
            <dd>{duration(freezeMs)}</dd>
          </>
        )}
        {freezeMs === null && interruption != null && (
          <>
            <dt>not served</dt>
            <dd>
              {duration(interruption.atLeastMs)} to {duration(interruption.atMostMs)}
            </dd>
          </>
        )}
        {writerOverlap === 'possible' && (
          <>
            <dt>writers</dt>
            <dd>two may have written at once</dd>
          </>
        )}
        {failure === null && (
          <>
            <dt>moved</dt>
            <dd>
              {moved.subscriptions} subscriptions, package {moved.package}, instance {moved.instance}
            </dd>
            <dt>path</dt>
            <dd>{pathObserved ? 'observed at the target' : 'switched, not observed'}</dd>
          </>
        )}
      </dl>
    </>
  );
}
