import type { Pace } from '../../configuration/peers.ts';
import type { EvacuationResult } from '../../domain/evacuation.ts';
import type { RelocationRequest } from '../../domain/relocation.ts';
import { alive } from '../waiting.ts';
import type { Catalogue } from '../ports.ts';
import { Evacuation } from './evacuation.ts';
import type { Runs } from './runs.ts';

export interface EvacuateOrder {
  /** Its id, as the API gives it out. */
  readonly evacuation: string;
  readonly site: string;
  /** Where to; of a return where from. */
  readonly among: readonly string[];
  readonly perUser: boolean;
  readonly deadline: string | null;
  readonly accept?: RelocationRequest['accept'];
  /** The workflow that carries it out, in whose memo the operator's wish stands; absent: of an earlier version. */
  readonly workflowId?: string;
  /** The evacuation of `site` whose moves are brought back to it; its id, as its relocations have it. */
  readonly returns?: string;
}

export interface Means {
  readonly catalogue: Catalogue;
  readonly runs: Runs;
  readonly pace: Pick<Pace, 'pollMs' | 'heartbeatMs'>;
}

export const evacuationActivities = ({ pace, ...means }: Means) => ({
  /**
   * Keeps the whole window, for hours if need be (GR MEC 035, 5.3.1): what is under way travels with the signs of life,
   * the rest stands in Temporal's index, so that another worker goes on.
   */
  evacuateHost: async (order: EvacuateOrder): Promise<EvacuationResult> =>
    await alive(pace, async (wait) => await new Evacuation(order, means, wait).run()),
});
export type EvacuationActivities = ReturnType<typeof evacuationActivities>;
