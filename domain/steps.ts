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

export const stepNames = Object.keys(steps) as readonly StepName[];

/**
 * The undos, each an activity, with those that must be done before it. As long as a path may lead to the target, the
 * target lives and relays; and nothing at the target is destroyed before the source has said that it goes on serving.
 */
export const undos = {
  releasePromise: { title: 'release the source from its promise', after: [] },
  removeTarget: { title: 'leave the target as it was found', after: ['releasePromise', 'switchBack'] },
  deleteCopies: { title: 'delete the copied subscriptions', after: ['releasePromise'] },
  switchBack: { title: 'turn the path back', after: [] },
} as const;

export type UndoName = keyof typeof undos;
