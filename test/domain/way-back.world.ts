import { undos, type UndoName } from '../../domain/steps.ts';
import { Undoing } from '../../domain/undoing.ts';

/**
 * The way back of a relocation, small enough to be exhausted: steps 1 to 5 in two passes, each of which may fail before
 * its effect, in the middle of it, after it (the answer is lost, the worker dies), or take effect late; a cancellation at
 * any moment; undos that fail and are tried again, or are given up; a source that forgets; another relocation that
 * comes to the target; somebody else who changes what is his. The order of the undos is the shipped one.
 */
export interface Rules {
  /** Which undo waits for which: the shipped table. */
  readonly after: Readonly<Record<UndoName, readonly string[]>>;
  /** What could not be undone is waited for, until an operator gives it up. */
  readonly parks: boolean;
  /** An undo is registered before its step. */
  readonly registersFirst: boolean;
  /** A refusal forgets the promise only in the first pass, and where every attempt has said that it did not ask. */
  readonly untouchedOnce: boolean;
  /** A source that has said that it keeps its users promises them no more. */
  readonly tombstone: boolean;
  /** Only what a step made is deleted. */
  readonly madeOnly: boolean;
  /** A turn that is planned again restores what the first one found. */
  readonly firstFound: boolean;
  /** Each undo is done once more, when nothing that was asked for can be under way any more. */
  readonly looksAgain: boolean;
  /** A target on which another relocation relies stays. */
  readonly asksTheTarget: boolean;
  /** Nothing at the target is destroyed when the source does not serve its users. */
  readonly believesServing: boolean;
}

export const shipped: Rules = {
  after: {
    releasePromise: undos.releasePromise.after,
    removeTarget: undos.removeTarget.after,
    deleteCopies: undos.deleteCopies.after,
    switchBack: undos.switchBack.after,
    tellFailed: undos.tellFailed.after,
    startSource: undos.startSource.after,
  },
  parks: true,
  registersFirst: true,
  untouchedOnce: true,
  tombstone: true,
  madeOnly: true,
  firstFound: true,
  looksAgain: true,
  asksTheTarget: true,
  believesServing: true,
};

const STEPS = ['check', 'instance', 'copyAhead', 'here', 'away'] as const;
const undoOf = {
  check: 'releasePromise',
  instance: 'removeTarget',
  copyAhead: 'deleteCopies',
  here: 'switchBack',
  away: 'switchBack',
} as const satisfies Record<(typeof STEPS)[number], UndoName>;

/** Everything is a value: a state is told from another by its text. */
export interface State {
  readonly mode: 'forward' | 'back' | 'parked' | 'ended' | 'givenUp';
  readonly at: number;
  readonly pass: number;
  readonly registered: readonly string[];
  readonly failed: readonly string[];
  /** Attempts of the step that is under way. */
  readonly attempts: number;
  /** One of them may have asked for the promise: it did not say that it did not. */
  readonly asked: boolean;
  /** The world. */
  readonly promised: boolean;
  readonly kept: boolean;
  /** When it was released, the source served its users. */
  readonly served: boolean;
  readonly sourceServes: boolean;
  readonly target: 'none' | 'runs' | 'gone';
  /** Another relocation relies on the target. */
  readonly relied: boolean;
  readonly copies: boolean;
  readonly copied: boolean;
  /** What the target's application subscribed to by itself, after the check. */
  readonly its: 'none' | 'there' | 'deleted';
  readonly here: boolean;
  readonly away: boolean;
  /** What step 4 remembers of the rules; null: it was not there yet. */
  readonly found: { readonly here: boolean; readonly away: boolean } | null;
  /** Asked for, given up, not yet carried out. */
  readonly late: readonly string[];
}

export const start: State = {
  mode: 'forward',
  at: 0,
  pass: 1,
  registered: [],
  failed: [],
  attempts: 0,
  asked: false,
  promised: false,
  kept: false,
  served: false,
  sourceServes: true,
  target: 'none',
  relied: false,
  copies: false,
  copied: false,
  its: 'none',
  here: false,
  away: false,
  found: null,
  late: [],
};

export type Emit = (label: string, next: State) => void;

/** Everything that can happen next. */
export function next(state: State, rules: Rules, emit: Emit): void {
  if (state.mode === 'forward') forward(state, rules, emit);
  if (state.mode === 'back') back(state, rules, emit);
  if (state.mode === 'parked') {
    emit('the operator, or time, has it tried again', { ...state, mode: 'back', failed: [] });
    emit('the operator gives it up', { ...state, mode: 'givenUp' });
  }
  for (const effect of state.late) {
    const late = state.late.filter((each) => each !== effect);
    emit(`late: ${effect} is carried out`, { ...carriedOut(state, effect, rules), late });
    emit(`late: ${effect} is lost`, { ...state, late });
  }
  if (state.sourceServes) emit('the source is started again', { ...state, sourceServes: false, promised: false });
  if (state.target === 'runs' && !state.relied && state.mode === 'forward')
    emit('another relocation comes to the target', { ...state, relied: true });
  if (state.target === 'runs' && state.its === 'none')
    emit("the target's application subscribes by itself", { ...state, its: 'there' });
}

function forward(state: State, rules: Rules, emit: Emit): void {
  const step = STEPS[state.at];
  if (step === undefined) return;
  const undo = undoOf[step];
  const first = !state.registered.includes(undo);
  const begun: State = rules.registersFirst ? register(state, undo) : state;
  const done: State = {
    ...register(carriedOut(begun, step, rules), undo),
    at: state.at + 1,
    attempts: 0,
    asked: false,
  };
  emit(`${step}: done`, done);
  if (step === 'copyAhead' && state.pass === 1) emit('copyAhead: done, then held', { ...done, at: 0, pass: 2 });
  emit(`${step}: cancelled before it`, { ...state, mode: 'back' });
  // In the middle of it: the effect may be there, be lost, or come late
  const late = { ...begun, late: begun.late.length < 2 ? [...new Set([...begun.late, step])] : begun.late };
  for (const [how, then] of [
    ['without effect', begun],
    ['with its answer lost', carriedOut(begun, step, rules)],
    ['to be carried out late', late],
  ] as const) {
    emit(`${step}: fails ${how}`, { ...then, mode: 'back' });
    if (state.attempts === 0) emit(`${step}: fails ${how}, tried again`, { ...then, attempts: 1, asked: true });
  }
  if (step === 'check') {
    const untouched = rules.untouchedOnce ? first && !state.asked : true;
    const registered = untouched ? begun.registered.filter((each) => each !== undo) : begun.registered;
    emit('check: refuses', { ...begun, registered, mode: 'back' });
    if (state.attempts === 0) emit('check: fails before it asks, and says so', { ...begun, attempts: 1 });
  }
}

const register = (state: State, undo: string): State =>
  state.registered.includes(undo) ? state : { ...state, registered: [...state.registered, undo] };

function carriedOut(state: State, effect: string, rules: Rules): State {
  switch (effect) {
    case 'check':
      return { ...state, promised: state.promised || (state.sourceServes && !(rules.tombstone && state.kept)) };
    case 'instance':
      return state.target === 'gone' ? state : { ...state, target: 'runs' };
    case 'copyAhead': {
      const found = rules.firstFound && state.found !== null ? state.found : { here: state.here, away: state.away };
      return { ...state, copies: true, copied: true, found };
    }
    case 'here':
      return state.target === 'runs' ? { ...state, here: true } : state;
    default:
      return { ...state, away: true };
  }
}

function back(state: State, rules: Rules, emit: Emit): void {
  const undoing = new Undoing();
  for (const undo of state.registered) undoing.add(undo, rules.after[undo as UndoName]);
  for (const undo of state.failed) undoing.failed(undo);
  const undo = undoing.next();
  if (undo === undefined) {
    const over = undoing.left.length === 0 || !rules.parks;
    emit(over ? 'it ends' : 'it is parked', { ...state, mode: over ? 'ended' : 'parked' });
    return;
  }
  emit(`${undo}: fails`, { ...state, failed: [...state.failed, undo] });
  const undone = carriedBack(state, undo as UndoName, rules);
  if (undone === 'refused') return;
  const registered = state.registered.filter((each) => each !== undo);
  emit(`${undo}: done`, { ...undone, registered });
  emit(`${undo}: done, its answer lost`, { ...undone, failed: [...state.failed, undo] });
}

function carriedBack(state: State, undo: UndoName, rules: Rules): State | 'refused' {
  const { here, away } = state.found ?? { here: false, away: false };
  switch (undo) {
    case 'releasePromise':
      if (rules.believesServing && !state.sourceServes && state.target === 'runs') return 'refused';
      return { ...state, promised: false, kept: true, served: state.sourceServes };
    case 'removeTarget': {
      if (rules.asksTheTarget && state.relied) return state;
      return { ...quiet(state, rules, 'instance'), target: state.target === 'none' ? 'none' : 'gone' };
    }
    case 'deleteCopies':
      return {
        ...quiet(state, rules, 'copyAhead'),
        copies: false,
        its: rules.madeOnly || state.its !== 'there' ? state.its : 'deleted',
      };
    case 'switchBack':
      break;
  }
  return { ...quiet(quiet(state, rules, 'here'), rules, 'away'), here, away };
}

/** What was carried out late until now is undone by the second look; later it cannot come. */
const quiet = (state: State, rules: Rules, step: string): State =>
  rules.looksAgain ? { ...state, late: state.late.filter((effect) => effect !== step) } : state;

/** What must never be. */
export function violation(state: State): string | null {
  if ((state.here || state.away) && state.target !== 'runs') return 'a path leads to an instance that is gone';
  if (state.its === 'deleted') return "a subscription of the target's own was deleted";
  if (state.relied && state.target === 'gone') return 'an instance was taken from another relocation';
  if (!state.sourceServes && !state.served && state.copied && state.target === 'gone')
    return 'the only copy of the context was destroyed';
  if (state.mode !== 'ended') return null;
  if (state.promised) return 'users are promised to a relocation that has ended';
  if (state.copies) return 'a copy of a subscription is left';
  if (state.here || state.away) return 'a rule is left turned';
  if (state.target === 'runs' && !state.relied) return 'an instance is left';
  return null;
}
