import type { Means } from '../relocation/subject.ts';
import { checkingAnchor } from './check.ts';
import { marking } from './mark.ts';
import { turningAnchor } from './path.ts';
import { exposing } from './services.ts';
import { watchingAnchored } from './watch.ts';

/** The steps of an anchor that no relocation has, and their undos. */
export const anchoringActivities = (means: Means) => ({
  ...checkingAnchor(means),
  ...exposing(means),
  ...turningAnchor(means),
  ...marking(means),
  ...watchingAnchored(means),
});
export type AnchoringActivities = ReturnType<typeof anchoringActivities>;
