import type { Decisions } from '../../activities/federation/consumption.ts';
import { failure } from '../../activities/failure.ts';
import type { Exchange } from '../http.ts';

const REFUSED = [403, 409, 422];
/** It has no such interface, or not this part of it. */
const NOT_SPOKEN = [404, 405, 501];
const GONE = [404, 405, 410, 501];

/**
 * Tells an orchestrator of ours what was decided, so that it tells its platform (GR MEC 035, 6.5.3 steps 12 and 14), by our
 * extension of Mfm-fed. `of`: undefined for one that does not speak it.
 */
export const mfmDecisions = (of: (system: string) => Exchange | undefined): Decisions => ({
  async decide(system, { binding, remotePlatform, ...decision }, signal) {
    const exchange = of(system);
    if (exchange === undefined) return 'notSpoken';
    const json = { ...decision, ...(remotePlatform !== null && { remotePlatform }) };
    const answer = await exchange.ask(
      { method: 'PUT', path: pathOf(binding), json, key: binding, alsoExpect: [...REFUSED, ...NOT_SPOKEN] },
      signal,
    );
    if (NOT_SPOKEN.includes(answer.status)) return 'notSpoken';
    if (REFUSED.includes(answer.status)) throw failure('DecisionRefused', answer.told);
    return 'told';
  },

  async retract(system, binding, signal) {
    await of(system)?.ask({ method: 'DELETE', path: pathOf(binding), key: binding, alsoExpect: GONE }, signal);
  },
});

const pathOf = (binding: string): string => `/decisions/${encodeURIComponent(binding)}`;
