import type { Measure } from './harness/measure.ts';
import { overhead } from './overhead.ts';
import { cost } from './cost.ts';

/** In the order in which all of them are run: what counts exactly first. */
export const measures: readonly Measure[] = [cost, overhead];
