import { type Action, actionsOf } from '../domain/actions.ts';
import type { Standby } from '../domain/procedure.ts';
import { isStandby } from '../domain/recovery.ts';
import type { RelocationResult, RelocationStatus } from '../domain/relocation.ts';
import { isWaits, type Waits } from '../domain/waits.ts';
import { isWatch, watches } from '../domain/watches.ts';
import { stepNames, steps, undos, type StepName, type UndoName } from '../domain/steps.ts';
import type { Relocation } from './resources.ts';
import type { Pending, Seen } from './seen.ts';
import { attempted, parkedFor, type Person, personOf, silent } from './waiting-for.ts';

/** What the workflow itself said, or why it said nothing: it was not asked, or no worker answered. */
export type Told = RelocationStatus | 'notAsked' | 'silent';

export interface Links {
  readonly temporalUi: string | undefined;
  readonly namespace: string;
}

/** The resource, from what Temporal knows, what the workflow said, and, when it ended, its result. */
export function relocationOf(seen: Seen, told: Told, result: RelocationResult | null, links: Links): Relocation {
  const { id, memo, startedAt, endedAt, outcome } = seen;
  const self = `/v1/relocations/${encodeURIComponent(id)}`;
  return {
    id,
    request: memo.request,
    direction: memo.direction,
    ...standing(seen, told, result),
    durationsMs: result?.durationsMs ?? (typeof told === 'string' ? {} : (told.durationsMs ?? {})),
    startedAt,
    endedAt,
    outcome: result?.outcome ?? (outcome === undefined || isWaits(outcome) ? null : outcome),
    result,
    links: { self, events: `${self}/events`, temporal: temporalLink(seen, links) },
  };
}

type Standing = Pick<Relocation, 'state' | 'step' | 'since' | 'asked' | 'actions' | 'waitingFor'>;

function standing(seen: Seen, told: Told, result: RelocationResult | null): Standing {
  const over = { since: seen.endedAt, asked: null, actions: [], waitingFor: null };
  if (seen.ended === 'without') return { ...over, state: 'terminated', step: null };
  if (seen.ended === 'withResult') {
    const step = result === null ? null : (result.failure?.step ?? stepNames.at(-1) ?? null);
    return { ...over, state: 'ended', step };
  }
  if (typeof told === 'string') return fromOutside(seen, told);
  return {
    state: told.state,
    step: told.step,
    since: told.since,
    asked: askedOf(told),
    actions: actionsOf(told),
    waitingFor: waitsFor(seen, told),
  };
}

const askedOf = (status: RelocationStatus): Standing['asked'] => {
  if (status.state !== 'working') return null;
  return status.cancelling ? 'cancel' : status.pausing ? 'pause' : null;
};

/** Without the workflow's word: what can be told from the index, and from the step under way. */
function fromOutside(seen: Seen, told: 'notAsked' | 'silent'): Standing {
  const { pending, outcome, startedAt } = seen;
  const step = pending === undefined ? undefined : stepOf(pending);
  const silence = (what: string | undefined): Relocation['waitingFor'] =>
    told === 'notAsked'
      ? pending === undefined
        ? null
        : attempted(seen, pending, titleOf(pending))
      : silent(seen, pending, what ?? 'no step under way', startedAt);
  const since = pending?.since ?? null;
  const resting = outcome === undefined ? undefined : waits[outcome as keyof typeof waits];
  if (resting !== undefined) {
    const { state } = resting;
    const actions = state === 'held' && isStandby(seen.memo.request.cutOver) ? STANDBY : resting.actions;
    return { state, step: null, since, asked: null, actions: [...actions], waitingFor: silence(`that it is ${state}`) };
  }
  if (pending === undefined) {
    const begins = seen.historyLength > 0 && seen.historyLength <= ONLY_STARTED; // the index tells 0 of what runs
    const actions: Action[] = begins ? ['pause', 'cancel'] : [];
    const rest = { since: begins ? startedAt : null, asked: null, actions, waitingFor: silence(undefined) };
    return { state: 'working', step: begins ? 'check' : null, ...rest };
  }
  const waitingFor = silence(titleOf(pending));
  if (isWatch(pending.activity))
    return { state: 'working', step: null, since, asked: null, actions: ['pause', 'cancel'], waitingFor };
  if (step === undefined) return { state: 'rollingBack', step: null, since, asked: null, actions: [], waitingFor };
  const actions: Action[] = beforeHandOver(step) ? ['pause', 'cancel'] : ['pause'];
  return { state: 'working', step, since, asked: null, actions, waitingFor };
}

/** What the index knows of those that wait (`domain/waits.ts`), and what may be said to them. */
const waits = {
  held: { state: 'held', actions: ['approve', 'cancel'] },
  heldUntil: { state: 'held', actions: ['approve', 'cancel'] },
  paused: { state: 'paused', actions: ['resume'] },
  parked: { state: 'parked', actions: ['retry'] }, // whether it may be given up, only the workflow can say
} as const satisfies Record<Waits, { state: Standing['state']; actions: readonly Action[] }>;

/** Approved it would be a move. */
const STANDBY = ['recover', 'cancel', 'approve'] as const satisfies Action[];

/** Events up to the end of the first workflow task. */
const ONLY_STARTED = 4;

const beforeHandOver = (step: StepName): boolean => stepNames.indexOf(step) < stepNames.indexOf('handOver');

/** What belongs to a step without being it. */
const asides: Readonly<Record<string, StepName | undefined>> = {
  settle: 'handOver',
  checkLost: 'check',
  confirmLost: 'check',
  fenceSource: 'handOver',
  takeOver: 'handOver',
};

/** Undefined: an undo. */
const stepOf = ({ activity }: Pending): StepName | undefined =>
  asides[activity] ?? stepNames.find((name) => steps[name].activity === activity);

const titleOf = (pending: Pending): string => {
  const step = stepOf(pending);
  if (pending.activity === 'settle') return 'the source: what became of the hand-over';
  if (step !== undefined) return steps[step].title;
  if (isWatch(pending.activity)) return watches[pending.activity];
  return Object.hasOwn(undos, pending.activity)
    ? `undo: ${undos[pending.activity as UndoName].title}`
    : pending.activity;
};

function waitsFor(seen: Seen, status: RelocationStatus): Relocation['waitingFor'] {
  const { pending } = seen;
  const { deadline = null } = seen.memo.request;
  const person = personOf(seen, status.since);
  switch (status.state) {
    case 'paused':
      // After the hand-over the deadline ends nothing any more
      return person(
        `an operator: paused before "${steps[status.step].title}"`,
        status.cancellable ? deadline : null,
        failedOf(status),
      );
    case 'held':
      return heldFor(status, deadline, person);
    case 'parked':
      return parkedFor(status, person, (undo) => undos[undo as UndoName].title);
    case 'working':
    case 'rollingBack':
      if (pending !== undefined) return attempted(seen, pending, titleOf(pending));
      return status.step === 'drain' && status.state === 'working'
        ? person('old addresses to leave the caches', null, null)
        : null;
    case 'ended':
      break;
  }
  return null;
}

/** Whoever is asked to approve is not to wonder whether the source is lost: that it may be replaced its actions tell. */
function heldFor(
  status: Extract<RelocationStatus, { state: 'held' }>,
  deadline: string | null,
  person: Person,
): Relocation['waitingFor'] {
  const { until, standby } = status;
  if (standby != null) return person(standbyTold(standby), until ?? deadline, failedOf(status));
  if (until !== null) return person('the time of the cut-over', until, failedOf(status));
  return person('an operator: the cut-over has to be approved', deadline, failedOf(status));
}

const failedOf = ({ failure }: { readonly failure?: { type: string; message: string } | null }): string | null =>
  failure == null ? null : `not recovered: ${failure.type}: ${failure.message}`;

/** What a takeover would save, as the watch of the source has seen it. */
function standbyTold({ silentSince, copy }: Standby): string {
  if (silentSince === null)
    return 'an operator: the standby is kept warm; recover when the source is lost, cancel when it is not needed any more';
  const has =
    copy === null
      ? ''
      : `; the standby has ${copy.writes} writes of ${copy.users} ${copy.users === 1 ? 'user' : 'users'}`;
  return `an operator: the source has been silent since ${silentSince}: recover, or cancel${has}`;
}

const temporalLink = ({ workflowId, runId }: Seen, { temporalUi, namespace }: Links): string | null =>
  temporalUi === undefined
    ? null
    : `${temporalUi}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}/${runId}`;
