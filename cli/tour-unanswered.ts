import { availableParallelism, loadavg } from 'node:os';
import type { Counted } from '../domain/counted.ts';
import { seconds } from './terminal.ts';

/** Where devices waited in vain. */
export interface Unanswered {
  /** An instant: the longest wait began. */
  readonly from: string;
  readonly ms: number;
  /** What the relocation was at then; null: nothing moved. */
  readonly step: string | null;
  /** Whom it hit: how many devices of each kind. */
  readonly devices: Readonly<Record<string, number>>;
}

/** What a move and the comparison after it tell of writes that had no answer. */
export interface Waited {
  readonly requests: number;
  readonly givenUp: number;
  readonly givenUpStill: number;
  readonly stoodStillMs: number;
  /** How many wanted to run, for each core of this machine, over the last minute. */
  readonly load: number;
  /** One of the move, one of the comparison; none of them where each device had its answers in time. */
  readonly unanswered: readonly Unanswered[];
}

/** `at`: what the relocation was at, by an instant. */
export function unansweredIn({ devices = [] }: Counted, at: (instant: string) => string | null): readonly Unanswered[] {
  const hit = devices.filter(({ givenUp }) => givenUp > 0).toSorted((a, b) => b.longestGapMs - a.longestGapMs);
  const [worst] = hit;
  if (worst === undefined) return [];
  const kinds: Record<string, number> = {};
  for (const { kind } of hit) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const { longestGapAt: from, longestGapMs } = worst;
  return [{ from, ms: Math.round(longestGapMs), step: at(from), devices: kinds }];
}

export const loadNow = (): number => Math.round(((loadavg()[0] ?? 0) / availableParallelism()) * 10) / 10;

/** A device that stood still for longer has itself to blame for what it gave up. */
const STOOD_STILL_MS = 500;
/** So many for each core, and everybody waits for his turn. */
const OVERLOADED = 2;

/** When and where it was, and whose fault it may be: nobody can tell that from one figure alone. */
export function unanswered(legs: readonly Waited[]): string {
  const sum = (count: (one: Waited) => number): number => legs.reduce((all, one) => all + count(one), 0);
  const [given, unmoved] = [sum(({ givenUp }) => givenUp), sum(({ givenUpStill }) => givenUpStill)];
  if (given === 0) return '';
  const told = ` ${given} write${given === 1 ? '' : 's'} had no answer in time: ${given - unmoved} during the moves, ${unmoved} in comparisons without a move.`;
  if (given === sum(({ requests }) => requests))
    return `${told} None had: devices speak as docs/providers.md says (Clients). Does the application?`;
  const gaps = legs.flatMap((one) => one.unanswered.map(gapTold)).join('');
  const [stood, load] = [
    Math.max(...legs.map(({ stoodStillMs }) => stoodStillMs)),
    Math.max(...legs.map((one) => one.load)),
  ];
  const machine = ` The devices themselves stood still for up to ${seconds(stood)}, and ${load} processes for each core wanted to run`;
  const whole = `${told}${gaps}${machine}`;
  if (stood > STOOD_STILL_MS || load > OVERLOADED)
    return `${whole}: this machine is busy with other things. Try again when it is not.`;
  if (unmoved > 0) return `${whole}. So it is not the moves alone: is the application fast enough for this?`;
  return `${whole}: look at what the instances and Ferry said then.`;
}

const gapTold = ({ from, ms, step, devices }: Unanswered): string =>
  ` From ${from} on, for up to ${seconds(ms)}, ${step === null ? 'while nothing moved' : `in "${step}"`}: ${Object.entries(
    devices,
  )
    .map(([kind, many]) => `${many} ${kind}`)
    .join(', ')}.`;
