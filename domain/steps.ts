import type { Guaranteed } from './guarantee.ts';

/**
 * The nine steps of a relocation, in their order. Each is one activity of that name, but for `drain`, which is a timer
 * and `confirmQuiet`. The clause is of ETSI GR MEC 035 (draft V2.0.11).
 */
export const steps = {
  check: { activity: 'checkRelocation', title: 'check source, target and path', clause: '5.3.2-2, 5.4.2-1, 6.6.3' },
  package: { activity: 'distributePackage', title: 'bring the package to the target', clause: '5.3.2-3, 5.4.2-2' },
  instance: { activity: 'instantiateTarget', title: 'start the target instance', clause: '5.3.2-5, 5.3.2-6, 5.4.2-4' },
  copyAhead: { activity: 'copyAhead', title: 'copy subscriptions and context ahead', clause: '5.3.2-4, 5.4.2-3' },
  switchPath: { activity: 'switchPath', title: 'turn the path to the target', clause: '5.3.2-7, 5.4.2-5, 5.4.2-6' },
  handOver: { activity: 'handOver', title: 'hand the users over', clause: '5.3.2-4, 5.4.2-3' },
  notify: { activity: 'notifyEndpoint', title: 'tell devices the new endpoint', clause: '5.3.2-7, 5.4.2-5' },
  drain: { activity: 'confirmQuiet', title: 'wait until nobody comes to the source', clause: '5.3.1' },
  retire: { activity: 'retireSource', title: 'retire the source', clause: '5.3.1, 5.3.2-4' },
} as const;

export type StepName = keyof typeof steps;

/**
 * Without the contract the target relays to nobody: step 6 comes before step 5, with which it is over. MEC 021, 5.2: the
 * context is transferred, then the traffic is directed to the target.
 */
const ownTitles = {
  applicationOwn: { handOver: "have the application transfer its users' context" },
  none: { handOver: 'stop the source' },
} as const satisfies Partial<Record<Guaranteed, Partial<Record<StepName, string>>>>;

/** The steps in the order in which they are done, with their titles. */
export function stepsOf(guarantee: Guaranteed): readonly (readonly [StepName, string])[] {
  if (guarantee !== 'applicationOwn' && guarantee !== 'none') return stepNames.map((step) => [step, steps[step].title]);
  const order: StepName[] = stepNames.filter((step) => step !== 'switchPath');
  order.splice(order.indexOf('handOver') + 1, 0, 'switchPath');
  const { handOver } = ownTitles[guarantee];
  return order.map((step) => [step, step === 'handOver' ? handOver : steps[step].title]);
}

export const stepNames = Object.keys(steps) as readonly StepName[];

/**
 * The undos, each an activity, with those that must be done before it. As long as a path may lead to the target, the
 * target lives and relays; and nothing at the target is destroyed before the source has said that it goes on serving.
 */
export const undos = {
  releasePromise: { title: 'release the source from its promise', after: ['startSource', 'tellFailed'] },
  removeTarget: { title: 'leave the target as it was found', after: ['releasePromise', 'switchBack'] },
  deleteCopies: { title: 'delete the copied subscriptions', after: ['releasePromise'] },
  switchBack: { title: 'turn the path back', after: [] },
  tellFailed: { title: 'have the application serve its users again', after: ['startSource'] },
  startSource: { title: 'start the source again', after: [] },
} as const;

export type UndoName = keyof typeof undos;
