import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Problem, Relocation } from '../../api/resources.ts';
import type { Plan } from '../../domain/relocation.ts';
import { freshKey, post, problemOf } from '../known/ask.ts';
import { directions, duration, guarantees } from '../words.ts';
import { Said } from './said.tsx';

/** What somebody would like to be moved. */
export interface Wish {
  readonly application: string;
  readonly source: string;
  readonly target: string;
}

interface Props {
  readonly wish: Wish;
  readonly leave: () => void;
  readonly begun: (move: Relocation) => void;
}

/** The plan of a move, before anything is done; and the word that it be done. */
export function Planner({ wish, leave, begun }: Props) {
  const [plan, setPlan] = useState<Plan | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [user, setUser] = useState('');
  const [approval, setApproval] = useState(false);
  const [starting, setStarting] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  // The same key for the same words: what was begun while its answer was lost is not begun twice
  const key = useMemo(freshKey, [user, approval]);
  const users = user.trim() === '' ? {} : { users: user.trim() };

  const look = async (stale: () => boolean): Promise<void> => {
    setPlan(null);
    setProblem(null);
    try {
      const told = await post<Plan>('/v1/plans', { ...wish, ...users });
      if (!stale()) setPlan(told);
    } catch (error) {
      if (!stale()) setProblem(problemOf(error));
    }
  };
  const [looks, again] = useState(0);
  useEffect(() => {
    let left = false;
    const typed = window.setTimeout(() => void look(() => left), user === '' ? 0 : 400);
    return () => {
      left = true;
      window.clearTimeout(typed);
    };
  }, [user, looks]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);

  const start = async (): Promise<void> => {
    setStarting(true);
    setProblem(null);
    try {
      const cutOver = approval ? { cutOver: { approval: true } } : {};
      begun(await post<Relocation>('/v1/relocations', { ...wish, ...users, ...cutOver }, { 'idempotency-key': key }));
    } catch (error) {
      setProblem(problemOf(error));
      setStarting(false);
    }
  };

  return (
    <form
      class="card detail planner"
      aria-label="Plan of a move"
      onSubmit={(event) => {
        event.preventDefault();
        if (plan?.possible === true && !starting) void start();
      }}
      onKeyDown={({ key: pressed }) => pressed === 'Escape' && leave()}
    >
      <div class="title">
        <h2 tabIndex={-1} ref={heading}>
          Move {wish.application}?
        </h2>
        <button type="button" class="leave" aria-label="Close" onClick={leave}>
          ×
        </button>
      </div>
      <p class="route">
        <b>{wish.source}</b> → <b>{wish.target}</b>
        {plan !== null && <span>{directions[plan.direction]}</span>}
      </p>
      {plan === null && problem === null && (
        <p class="empty" role="status">
          Asking source, target and path. Nothing is changed …
        </p>
      )}
      {problem !== null && <Said problem={problem} />}
      {problem !== null && (
        <button type="button" onClick={() => again(looks + 1)}>
          Look again
        </button>
      )}
      {plan !== null && <Told plan={plan} />}
      <label>
        Users
        <input
          type="text"
          value={user}
          placeholder="all of the instance"
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => setUser(currentTarget.value)}
        />
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={approval}
          onChange={({ currentTarget }) => setApproval(currentTarget.checked)}
        />
        Hold the cut-over until it is approved
      </label>
      <div class="actions">
        <button type="submit" class="main" disabled={plan?.possible !== true || starting}>
          {starting ? 'Starting …' : 'Move it'}
        </button>
        <button type="button" onClick={leave}>
          Leave it
        </button>
      </div>
    </form>
  );
}

const packages = { kept: 'the target has it', distribute: 'is brought to the target' } as const;
const instances = { create: 'is created', restart: 'is started again', share: 'one that runs is used' } as const;

function Told({ plan }: { readonly plan: Plan }) {
  return (
    <>
      {plan.obstacles.map(({ failure, where, detail, remedy }) => (
        <div key={`${failure} ${where} ${detail}`} class="said bad">
          <b>
            {failure} at {where}
          </b>
          <p>{detail}</p>
          <p>{remedy}</p>
        </div>
      ))}
      {plan.possible && (
        <p class="said good">
          <b>Possible.</b> Nothing stands in the way.
        </p>
      )}
      <dl class="facts">
        <dt>guarantee</dt>
        <dd>{guarantees[plan.guarantee]}</dd>
        <dt>freeze</dt>
        <dd>{plan.expectedFreezeMs === null ? 'not known' : `about ${duration(plan.expectedFreezeMs)}`}</dd>
        <dt>package</dt>
        <dd>{packages[plan.package]}</dd>
        <dt>instance</dt>
        <dd>{instances[plan.instance]}</dd>
        <dt>copied</dt>
        <dd>{plan.subscriptions} subscriptions</dd>
        <dt>drain</dt>
        <dd>{duration(plan.drainMs)}</dd>
        <dt>path</dt>
        <dd>
          {plan.steering.length === 0 ? 'no rule is changed' : plan.steering.join('; ')}
          {!plan.observed && ' (not observed)'}
        </dd>
        {plan.confirmation && (
          <>
            <dt>held</dt>
            <dd>until it is approved: the application wants each move confirmed</dd>
          </>
        )}
      </dl>
    </>
  );
}
