import { failure } from '../../activities/failure.ts';
import type { Paths } from '../../activities/federation/consumption.ts';
import { PROBE } from '../../protocols/mpp/path.ts';
import type { Exchange } from '../http.ts';

/** Whatever a gateway may answer that is no yes. */
const REFUSALS = [400, 401, 403, 404, 405, 410, 413, 429, 500, 501, 502, 503, 504];

/**
 * Paths through our own gateway, as applications use them: observed from end to end, and the service is not used for that.
 * PathNotOpen.
 */
export const pathsThrough = (gateway: Exchange): Pick<Paths, 'probe'> => ({
  async probe(pathSecret, signal) {
    const answer = await gateway
      .ask(
        {
          method: 'GET',
          path: `/s/${encodeURIComponent(pathSecret)}${PROBE}`,
          label: `/s/{secret}${PROBE}`,
          alsoExpect: REFUSALS,
          question: true,
        },
        signal,
      )
      .catch((error: unknown) => {
        if (signal.aborted) throw error;
        throw failure('PathNotOpen', `our own gateway does not answer: ${(error as Error).message}`);
      });
    if (answer.status !== 204) throw failure('PathNotOpen', answer.told);
  },
});
