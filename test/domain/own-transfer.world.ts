import { isTransferred } from '../../domain/guarantee.ts';
import { stepsOf, undos, type StepName, type UndoName } from '../../domain/steps.ts';
import { Undoing } from '../../domain/undoing.ts';
import { has } from '../../sandbox/application/intervals.ts';
import {
  completed,
  type Delta,
  failed,
  type Habits,
  received,
  reported,
  type State as Carried,
  triggered,
  written,
} from '../../sandbox/carrier/state.ts';

/**
 * An application without the contract on its way, small enough to be exhausted: the carrier as it is shipped, at both ends,
 * with every habit or without; two writes, one on a kept connection and one wherever the path leads; messages that are late;
 * an engine whose order of steps and of undos is the shipped one, which may give up wherever it may.
 */
export interface Engine {
  /** In this order. */
  readonly order: readonly Deciding[];
  /** Goes on when the application reports that it is done, at level 3 too. */
  readonly waits: boolean;
  /** Says FAILED on the way back. */
  readonly tellsFailed: boolean;
  /** Until it has been heard. */
  readonly insists: boolean;
  /** The source is stopped before the path turns. */
  readonly stops: boolean;
  /** Nothing at the target goes before the source serves again. */
  readonly after: Readonly<Record<UndoName, readonly string[]>>;
}

const after = Object.fromEntries(
  Object.entries(undos).map(([undo, { after: needed }]) => [undo, needed]),
) as unknown as Engine['after'];
const deciding = ['handOver', 'switchPath', 'notify', 'retire'] as const satisfies readonly StepName[];
type Deciding = (typeof deciding)[number];
const orderOf = (guarantee: 'applicationOwn' | 'none' | 'zeroLoss'): Deciding[] =>
  stepsOf(guarantee).flatMap(([step]) => deciding.find((each) => each === step) ?? []);

export const own: Engine = {
  order: orderOf('applicationOwn'),
  waits: true,
  tellsFailed: true,
  insists: true,
  stops: false,
  after,
};
export const none: Engine = { ...own, order: orderOf('none'), waits: false, stops: true };
/** As an application with the contract is moved. */
export const pathFirst: Engine = { ...own, order: orderOf('zeroLoss') };

const USER = 'u';
const DEVICE = 'd';

export interface World {
  readonly at: number;
  readonly mode: 'forward' | 'back' | 'ended' | 'rolledBack';
  readonly registered: readonly string[];
  /** Null: it does not run. */
  readonly source: Carried | null;
  readonly target: Carried | null;
  /** Whether it had been stopped, and has lost what it kept. */
  readonly path: 'source' | 'target';
  readonly told: readonly ('TRIGGERED' | 'FAILED' | 'COMPLETED')[];
  readonly wasTriggered: boolean;
  readonly delta: Delta | null;
  readonly arrived: boolean;
  readonly acknowledged: readonly number[];
}

export const start: World = {
  at: 0,
  mode: 'forward',
  registered: [],
  source: { [USER]: { device: DEVICE, accepted: [], frozen: false, reported: false } },
  target: {},
  path: 'source',
  told: [],
  wasTriggered: false,
  delta: null,
  arrived: false,
  acknowledged: [],
};

export type Emit = (label: string, next: World) => void;

export function next(world: World, habits: Habits, engine: Engine, emit: Emit): void {
  application(world, habits, emit);
  writes(world, habits, emit);
  if (world.mode === 'forward') forward(world, engine, emit);
  if (world.mode === 'back') back(world, engine, emit);
}

/** What the application does by itself, and what is on its way to it. */
function application(world: World, habits: Habits, emit: Emit): void {
  const { source, target, told, delta } = world;
  const [word, ...later] = told;
  if (word === 'TRIGGERED') {
    const moved = source === null ? undefined : triggered(source, [DEVICE], habits);
    emit('S: hears TRIGGERED, and sends its last delta', {
      ...world,
      told: later,
      ...(moved !== undefined && { source: moved.state, delta: moved.deltas[0] ?? null, arrived: false }),
    });
  }
  if (word === 'FAILED')
    emit('S: hears FAILED', { ...world, told: later, source: source && failed(source, [DEVICE], habits) });
  if (word === 'COMPLETED')
    emit('S: hears COMPLETED', { ...world, told: later, source: source && completed(source, [DEVICE]) });
  if (delta !== null && !world.arrived && source !== null && target !== null)
    emit('T: has the context', { ...world, target: received(target, delta), arrived: true });
  const hasReported = source?.[USER]?.reported === true;
  if (source !== null && delta !== null && !hasReported && (world.arrived || !habits.reportsTruly))
    emit('S: reports that it is transferred', { ...world, source: reported(source, [DEVICE]) });
}

function writes(world: World, habits: Habits, emit: Emit): void {
  for (const number of [1, 2]) {
    if (world.acknowledged.includes(number)) continue;
    const where = number === 1 ? 'source' : world.path;
    const instance = world[where];
    const then = instance === null ? undefined : written(instance, USER, number, habits);
    if (then === undefined) continue;
    const acknowledged = [...world.acknowledged, number].toSorted((one, other) => one - other);
    emit(`write ${number} is accepted by the ${where}`, { ...world, [where]: then, acknowledged });
  }
}

const UNDO_OF = { handOver: 'tellFailed', switchPath: 'switchBack' } as const;

function forward(world: World, engine: Engine, emit: Emit): void {
  const step = engine.order[world.at];
  if (step === undefined) return emit('it ends', { ...world, mode: 'ended' });
  const decided = engine.order.slice(0, world.at).includes('handOver');
  // Registered before the step. What has decided is not given up any more
  const undo = step === 'handOver' || step === 'switchPath' ? UNDO_OF[step] : undefined;
  const also = step === 'handOver' && engine.stops ? ['startSource'] : [];
  const registered = [
    ...new Set([...world.registered, 'removeTarget', ...(undo === undefined ? [] : [undo]), ...also]),
  ];
  if (!decided) emit('it gives up', { ...world, mode: 'back' });
  const done = { ...world, at: world.at + 1, registered };
  switch (step) {
    case 'handOver': {
      const [sent, told] = [world.wasTriggered, [...world.told, 'TRIGGERED'] as World['told']];
      if (!sent) emit('Ferry: TRIGGERED', { ...world, registered, wasTriggered: true, told });
      const person = world.source?.[USER];
      const isDone = isTransferred(person === undefined ? [] : [{ transferred: person.reported }]);
      if (engine.stops) {
        // The chance: it is waited for, or not
        emit('Ferry: stops the source', { ...done, source: null });
        emit('Ferry: stops the source, and gives up', { ...world, registered, source: null, mode: 'back' });
      } else if (sent && (isDone || !engine.waits)) emit('Ferry: the transfer is done', done);
      return;
    }
    case 'switchPath':
      return emit('Ferry: turns the path', { ...done, path: 'target' });
    case 'notify':
      return emit('Ferry: COMPLETED', { ...done, told: [...world.told, 'COMPLETED'] });
    case 'retire':
      return emit('Ferry: retires the source', { ...done, source: null });
  }
}

function back(world: World, { after: needs, tellsFailed, insists }: Engine, emit: Emit): void {
  const undoing = new Undoing();
  for (const undo of world.registered) undoing.add(undo, needs[undo as UndoName]);
  const undo = undoing.next();
  const registered = world.registered.filter((each) => each !== undo);
  const done = { ...world, registered };
  switch (undo) {
    case undefined:
      return emit('it ends, rolled back', { ...world, mode: 'rolledBack' });
    case 'tellFailed':
      if (!tellsFailed) return emit('Ferry: says nothing', done);
      if (!insists) emit('Ferry: FAILED, which is lost', done);
      // It is insisted on until a callback has taken it; TRIGGERED may still be on its way, and so it is told once more
      return emit('Ferry: FAILED', { ...done, told: [...world.told, 'FAILED'] });
    case 'startSource': // what it kept in no store of its own is lost
      return emit('Ferry: starts the source again', { ...done, source: world.source ?? start.source });
    case 'switchBack':
      return emit('Ferry: turns the path back', { ...done, path: 'source' });
    default:
      return emit('Ferry: removes the target', { ...done, target: null });
  }
}

const accepts = (instance: Carried | null, habits: Habits): boolean =>
  instance !== null && written(instance, USER, 9, habits) !== undefined;

/** What is wrong; null: nothing. */
export function violation(world: World, habits: Habits): string | null {
  const { source, target, path, mode, acknowledged, told } = world;
  const holds = (instance: Carried | null): boolean =>
    acknowledged.every((number) => has(instance?.[USER]?.accepted ?? [], number));
  const still = told.length === 0 && (world.delta === null || world.arrived || source === null || target === null);
  if (mode === 'ended' && still && !holds(target)) return 'lost';
  if (mode === 'rolledBack' && !holds(source)) return 'lost';
  if (mode === 'rolledBack' && still && !accepts(source, habits)) return 'source frozen for ever';
  if (path === 'target' && accepts(source, habits) && accepts(target, habits)) return 'two writers';
  return null;
}
