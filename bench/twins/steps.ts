/** One step of a twin's workflow: activities at once, a timer, or what is written at the end. */
export type Step = { readonly activities: readonly Work[] } | { readonly timerMs: number } | { readonly upsert: true };

/** What an activity of a twin does. */
export interface Work {
  /** Asked one after the other. */
  readonly calls?: readonly string[];
  /** The first is asked again and again for so long. */
  readonly pollForMs?: number;
  readonly pollEveryMs?: number;
  /** Its answer is so long. */
  readonly bytes?: number;
}

const nothing: Work = {};

const each = (n: number, work: Work = nothing): Step[] => Array.from({ length: n }, () => ({ activities: [work] }));

/** One activity for each call, one after the other: 15 + 2S actions. */
export const naive = (subscriptions: number): Step[] => each(14 + 2 * subscriptions);

/** The same calls as work: the sixth begins the instantiation and waits for it. */
export const naiveCalls = (subscriptions: number, url: string, pollForMs: number): Work[] =>
  Array.from({ length: 14 + 2 * subscriptions }, (_, n) => ({ calls: [url], ...(n === 5 && { pollForMs }) }));

/** One activity for each. */
export const oneByOne = (all: readonly Work[]): Step[] => all.map((work) => ({ activities: [work] }));

/** What every relocation of the engine has, but for its bodies. */
export const empty = (bytes = 0): Step[] => [
  ...each(7, { bytes }),
  { timerMs: 1 },
  ...each(2, { bytes }),
  { upsert: true },
];

/** Bad: the fourth step is one activity for each subscription. */
export const perSubscription = (subscriptions: number): Step[] => [
  ...each(8 + subscriptions),
  { timerMs: 1 },
  { upsert: true },
];

/** Bad: the workflow itself waits between two looks at the operation. */
export const timerPolls = (polls: number): Step[] => [
  ...empty(),
  ...Array.from({ length: polls }, (): Step[] => [{ timerMs: 1 }, { activities: [nothing] }]).flat(),
];
