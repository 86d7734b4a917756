import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ApplicationSeen, Problem, Relocation } from '../../api/resources.ts';
import { feats } from '../../domain/contract-seen.ts';
import type { Plan } from '../../domain/relocation.ts';
import { freshKey, get, post, problemOf } from '../known/ask.ts';
import { directions, duration, guarantees, timeOf } from '../words.ts';
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
  const [cut, setCut] = useState<'now' | 'approval' | 'at'>('now');
  const [at, setAt] = useState('');
  const [deadline, setDeadline] = useState('');
  const [starting, setStarting] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  // The same key for the same words: what was begun while its answer was lost is not begun twice
  const key = useMemo(freshKey, [user, cut, at, deadline]);
  const users = user.trim() === '' ? {} : { users: user.trim() };
  const until = deadline === '' ? {} : { deadline: instant(deadline) };

  const look = async (stale: () => boolean): Promise<void> => {
    setPlan(null);
    setProblem(null);
    try {
      const told = await post<Plan>('/v1/plans', { ...wish, ...users, ...until });
      if (!stale()) setPlan(told);
    } catch (error) {
      if (!stale()) setProblem(problemOf(error));
    }
  };
  const [looks, again] = useState(0);
  useEffect(() => {
    let left = false;
    const typed = window.setTimeout(() => void look(() => left), user === '' && deadline === '' ? 0 : 400);
    return () => {
      left = true;
      window.clearTimeout(typed);
    };
  }, [user, deadline, looks]);
  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), []);

  const start = async (): Promise<void> => {
    setStarting(true);
    setProblem(null);
    try {
      const held = cut === 'approval' ? { approval: true } : { at: instant(at) };
      const request = { ...wish, ...users, ...until, ...(cut !== 'now' && { cutOver: held }) };
      begun(await post<Relocation>('/v1/relocations', request, { 'idempotency-key': key }));
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
      <Seen application={wish.application} />
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
      <fieldset>
        <legend>Cut over</legend>
        {(['now', 'approval', 'at'] as const).map((when) => (
          <label key={when} class="check">
            <input type="radio" name="cut" checked={cut === when} onChange={() => setCut(when)} />
            {cutOvers[when]}
          </label>
        ))}
        {cut === 'at' && <Time label="Not before" hint="Held until then" value={at} told={setAt} required />}
      </fieldset>
      <Time
        label="Deadline"
        hint="Rolled back when the hand-over has not begun by then"
        value={deadline}
        told={setDeadline}
      />
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

const cutOvers = {
  now: 'as soon as the target is ready',
  approval: 'when it is approved',
  at: 'at a time',
} as const;

interface TimeProps {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly told: (value: string) => void;
  readonly required?: boolean;
}

/** As the clock of who types it has it. */
function Time({ label, hint, value, told, required = false }: TimeProps) {
  return (
    <label title={`${hint}; local time`}>
      {label}
      <input
        type="datetime-local"
        value={value}
        required={required}
        onInput={({ currentTarget }) => told(currentTarget.value)}
      />
    </label>
  );
}

const instant = (local: string): string => new Date(local).toISOString();

/** What earlier moves have seen of it; nothing where none has. */
function Seen({ application }: Pick<Wish, 'application'>) {
  const [contract, setContract] = useState<ApplicationSeen['contract']>(null);
  useEffect(() => {
    let left = false;
    void get<ApplicationSeen>(`/v1/applications/${encodeURIComponent(application)}`).then(
      (told) => void (left || setContract(told.contract)),
      () => undefined, // the plan says what stands in the way
    );
    return () => {
      left = true;
    };
  }, [application]);
  if (contract == null || contract.seen.length + contract.missed.length === 0) return null;
  return (
    <dl class="facts" aria-label="Seen of it">
      {contract.seen.map(({ what, at, freezeMs }) => (
        <>
          <dt>{timeOf(at)}</dt>
          <dd>
            {feats[what]}
            {freezeMs !== null && `, in ${duration(freezeMs)}`}
          </dd>
        </>
      ))}
      {contract.missed.map(({ failure, message, at }) => (
        <>
          <dt>{timeOf(at)}</dt>
          <dd>
            <b>{failure}</b>: {message}
          </dd>
        </>
      ))}
    </dl>
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
        <dd>{plan.guarantee === null ? 'not known: no instance has answered' : guarantees[plan.guarantee]}</dd>
        <dt>freeze</dt>
        <dd>{plan.expectedFreezeMs === null ? 'not known' : `about ${duration(plan.expectedFreezeMs)}`}</dd>
        <dt>package</dt>
        <dd>{packages[plan.package]}</dd>
        <dt>instance</dt>
        <dd>{instances[plan.instance]}</dd>
        <dt>copied</dt>
        <dd>
          {plan.guarantee === null
            ? 'not known'
            : `${plan.subscriptions} subscription${plan.subscriptions === 1 ? '' : 's'}`}
        </dd>
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
