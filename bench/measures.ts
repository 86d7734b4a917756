import { api } from './api.ts';
import { cost } from './cost.ts';
import type { Measure } from './harness/measure.ts';
import { growth } from './growth.ts';
import { lookUp } from './look-up.ts';
import { overhead } from './overhead.ts';
import { switching } from './switch.ts';
import { throughput } from './throughput.ts';

/** In the order in which all of them are run: what counts exactly first. */
export const measures: readonly Measure[] = [cost, switching, lookUp, growth, overhead, throughput, api];
