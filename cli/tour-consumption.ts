import { setTimeout as pause } from 'node:timers/promises';
import type { ServiceBinding, ServiceBindingList } from '../api/service-bindings.ts';
import { bind, bindingPath } from './binding-progress.ts';
import { type FerryClient, Refused, Unreachable } from './client.ts';
import { lines } from './consuming.ts';
import type { Navigation, NavigationCounts } from './devices.ts';
import { seconds, type Terminal } from './terminal.ts';

const WANTED = { system: 'cellular', platform: 'a2', kind: 'service', name: 'speech' } as const;
const RATE = 20;
/** So many answers show that it is used. */
const ENOUGH = 20;
/** A suspension holds from then on. */
const SUSPENDED_MS = 1_500;
/** So long it is watched. */
const WATCHED_MS = 2_500;
const LIMIT_MS = 15_000;
const LOOK_MS = 50;

/** How another operator's service was used, as `--json` shows it. */
export interface ConsumptionReport {
  readonly service: string;
  readonly operator: string | null;
  /** `open`: it could be used; else what it came to. */
  readonly outcome: ServiceBinding['state'] | 'refused';
  /** Until it could be used. */
  readonly durationMs: number;
  /** Before the suspension. */
  readonly answers: number;
  /** Null: it was not suspended, or never answered. */
  readonly lastAnswerAfterSuspensionMs: number | null;
  readonly answersAfterResume: number;
  /** Neither operator has anything of it any more. */
  readonly released: boolean;
}

/** One operator, by its name and its API. */
export interface Member {
  readonly operator: string;
  readonly client: FerryClient;
}

interface Around {
  readonly ours: Member;
  readonly others: readonly Member[];
  readonly navigation: Navigation;
  readonly terminal: Terminal;
}

const nothing: ConsumptionReport = {
  service: WANTED.name,
  operator: null,
  outcome: 'refused',
  durationMs: 0,
  answers: 0,
  lastAnswerAfterSuspensionMs: null,
  answersAfterResume: 0,
  released: true,
};

/** It answered, soon no more while it was suspended, and again afterwards; and nothing is left. */
export const wentWell = (seen: ConsumptionReport): boolean =>
  seen.answers > 0 && isSilent(seen.lastAnswerAfterSuspensionMs) && seen.answersAfterResume > 0 && seen.released;

const isSilent = (lastAnswerMs: number | null): boolean => lastAnswerMs !== null && lastAnswerMs < SUSPENDED_MS;

/** An application of ours uses a service of another operator (GR MEC 035, 6.5.3), who suspends that and resumes it; then it is released. */
export async function consumption(around: Around): Promise<ConsumptionReport> {
  const { ours, others, navigation, terminal } = around;
  terminal.tell(`\nnavigation at ${WANTED.platform} of ${ours.operator} uses ${WANTED.name} of another operator.`);
  const begun = performance.now();
  let report = nothing;
  try {
    const binding = await bind(ours.client, terminal, WANTED);
    report = { ...report, operator: binding.operator, outcome: binding.state, durationMs: sinceThen(begun) };
    if (binding.state !== 'open') {
      for (const line of lines(binding)) terminal.tell(red(terminal, line));
      return report;
    }
    const producer = others.find(({ operator }) => operator === binding.operator);
    try {
      await navigation.start(RATE);
      if (producer === undefined) terminal.tell(red(terminal, `${binding.operator} is none of the operators here`));
      else report = { ...report, ...(await used(around, producer, report)) };
    } finally {
      await navigation.stop();
      report = { ...report, released: await released(binding, ours, producer) };
    }
    terminal.tell(report.released ? '  released: neither has anything of it any more' : red(terminal, leftOver));
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
    terminal.tell(red(terminal, error.message));
  }
  return report;
}

/** Counted by the application itself. */
async function used(
  { ours, navigation, terminal }: Around,
  { operator, client }: Member,
  { durationMs }: ConsumptionReport,
): Promise<Partial<ConsumptionReport>> {
  const own = `/v1/federations/${encodeURIComponent(ours.operator)}`;
  const tell = (well: boolean, text: string): void => terminal.tell(well ? `  ${text}` : red(terminal, text));
  const more = async (since: number): Promise<number> =>
    (await until(navigation, terminal, ({ answered }) => answered >= since + ENOUGH)).answered - since;

  const answers = await more(0);
  tell(answers > 0, `open after ${seconds(durationMs)}: ${answers} answers of ${operator}`);

  const suspendedAt = Date.now();
  await client.post(`${own}/suspend?direction=serves`);
  const heldAt = performance.now();
  let resumedAt: number;
  let before: NavigationCounts;
  try {
    before = await until(navigation, terminal, () => sinceThen(heldAt) >= WATCHED_MS);
  } finally {
    resumedAt = performance.now();
    await client.post(`${own}/resume?direction=serves`);
  }
  const { answered, lastAnswerAt } = before;
  const last = lastAnswerAt === null ? null : Math.max(0, lastAnswerAt - suspendedAt);
  tell(
    isSilent(last),
    `${operator} suspends that: ${last === null ? 'no answer before' : `last answer ${last} ms later`}`,
  );

  const again = await more(answered);
  tell(again > 0, `${operator} resumes it: ${again} answers within ${seconds(sinceThen(resumedAt))}`);
  return { answers, lastAnswerAfterSuspensionMs: last, answersAfterResume: again };
}

/** What it has counted when that is so, or when it has lasted too long. */
async function until(
  navigation: Navigation,
  terminal: Terminal,
  isSo: (counts: NavigationCounts) => boolean,
): Promise<NavigationCounts> {
  const begun = performance.now();
  for (;;) {
    const counts = await navigation.counts();
    if (isSo(counts) || performance.now() - begun > LIMIT_MS) return counts;
    terminal.living(`  … ${counts.answered} answers`);
    await pause(LOOK_MS);
  }
}

/** Both sides are looked at: what is closed is listed no more. */
async function released({ id, name }: ServiceBinding, ours: Member, producer: Member | undefined): Promise<boolean> {
  await ours.client.delete(bindingPath(id));
  const begun = performance.now();
  for (;;) {
    const { state } = await ours.client.get<ServiceBinding>(bindingPath(id));
    const theirs = await producer?.client.get<ServiceBindingList>('/v1/service-bindings?limit=100');
    if (state === 'closed' && theirs?.bindings.every((one) => one.name !== name) !== false) return true;
    if (performance.now() - begun > LIMIT_MS) return false;
    await pause(LOOK_MS);
  }
}

const leftOver = 'it is not released yet: `ferry bindings` shows what is left';
const red = (terminal: Terminal, text: string): string => terminal.paint('red', `  ${text}`);
const sinceThen = (begun: number): number => Math.round(performance.now() - begun);
