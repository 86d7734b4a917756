import { checking } from './check.ts';
import { copying } from './copy-ahead.ts';
import { draining } from './confirm-quiet.ts';
import { handingOver } from './hand-over.ts';
import { fencing } from './fence.ts';
import { instantiating } from './instance.ts';
import { losing } from './lost.ts';
import { notifying } from './notify.ts';
import { packaging } from './package.ts';
import { releasing } from './release-promise.ts';
import { replacing } from './replace.ts';
import { retiring } from './retire-source.ts';
import type { Means } from './subject.ts';
import { stopping } from './stop-source.ts';
import { switching } from './switch-path.ts';
import { takingOver } from './take-over.ts';
import { transferring } from './transfer.ts';
import { watching } from './watch-source.ts';

/** The steps of a relocation and their undos, as activities. */
export const relocationActivities = (means: Means) => ({
  ...checking(means),
  ...packaging(means),
  ...instantiating(means),
  ...copying(means),
  ...switching(means),
  ...handingOver(means),
  ...transferring(means),
  ...stopping(means),
  ...notifying(means),
  ...draining(means),
  ...retiring(means),
  ...releasing(means),
  ...losing(means),
  ...fencing(means),
  ...takingOver(means),
  ...replacing(means),
  ...watching(means),
});
export type RelocationActivities = ReturnType<typeof relocationActivities>;
