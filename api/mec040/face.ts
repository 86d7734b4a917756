import { problemDetails } from '../problem.ts';
import type { Face } from '../serve.ts';
import { askingOf, type Mec040Means } from './asking.ts';
import { subscriptionHandlers } from './subscriptions.ts';
import { systemHandlers } from './systems.ts';
import { mec040Table, type Mec040Table } from './table.ts';

/** Mfm-fed, as MEC 040 has it: MEOs register their systems with the federator, and find those of the others. */
export function mec040(means: Mec040Means): Face<Mec040Table> {
  const asking = askingOf(means);
  return {
    table: mec040Table,
    form: problemDetails,
    handlers: { ...systemHandlers(asking), ...subscriptionHandlers(asking) },
    admit: means.access.admit,
  };
}
