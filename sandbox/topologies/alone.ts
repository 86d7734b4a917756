import { configurationOfA, systemsOfA } from '../operators/a.ts';
import type { Topology } from './topology.ts';

/** Operator A, which federates with nobody. */
export const alone: Topology = {
  issuers: false,
  assistant: false,
  systems: systemsOfA,
  ferries: (plan, built, archive) => [
    {
      operator: 'operator-a',
      configuration: configurationOfA(plan, built, archive),
      inner: null,
      outer: null,
      gateway: null,
    },
  ],
};
