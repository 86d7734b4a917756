import { api } from './api.ts';
import { cost } from './cost.ts';
import type { Measure } from './harness/measure.ts';
import { overhead } from './overhead.ts';
import { throughput } from './throughput.ts';

/** In the order in which all of them are run: what counts exactly first. */
export const measures: readonly Measure[] = [cost, overhead, throughput, api];
