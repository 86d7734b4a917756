import { api } from './api.ts';
import { cost } from './cost.ts';
import { growth } from './growth.ts';
import type { Measure } from './harness/measure.ts';
import { lookUp } from './look-up.ts';
import { overhead } from './overhead.ts';
import { soak } from './soak.ts';
import { switching } from './switch.ts';
import { throughput } from './throughput.ts';

/** In the order in which all of them are run: first those that share a stage. */
export const measures: readonly Measure[] = [cost, overhead, throughput, api, lookUp, growth, switching, soak];
