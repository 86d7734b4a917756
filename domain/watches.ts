/**
 * What looks again and again for as long as it has to: its NotYet is how it waits, and no attempt that failed. By activity:
 * what it waits for.
 */
export const watches = {
  watchSource: 'the source of a standby, which is kept warm, to fall silent or to answer again',
  fenceReturned: 'a source that was taken to be dead to come back',
  watchAnchored: 'the source to which devices are led to fall silent or to answer again',
  awaitNoAnchor: 'the last anchor of the application to end',
} as const;

export const isWatch = (activity: string): activity is keyof typeof watches => Object.hasOwn(watches, activity);
