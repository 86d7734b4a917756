import { failure } from '../failure.ts';
import { alive, until } from '../waiting.ts';
import type { BothOrder } from './copy-ahead.ts';
import { locate, sceneOf, type Means } from './subject.ts';

export const draining = (means: Means) => ({
  /** Step 8, after the timer (GR MEC 035, 5.3.1): until the source has seen no client for a while. StillInUse: a limit. */
  confirmQuiet: async (order: BothOrder): Promise<void> =>
    await alive(means.pace, async (wait) => {
      const { application, source } = sceneOf(means, order);
      if (application.management === undefined) return;
      let clients = 0;
      const quiet = await until(wait, means.pace.drainLimitMs, async () => {
        const { endpoint } = await locate(source, application, order.found.source, wait.signal);
        const state = await means.world.context.state(endpoint, order.users, wait.signal);
        clients = state.clients;
        const seconds = state.clientSeenSecondsAgo;
        wait.progress(
          seconds === null
            ? 'no client was seen at the source'
            : `a client was seen at the source ${seconds.toFixed(0)} s ago`,
        );
        return seconds === null || seconds * 1_000 >= means.pace.quietMs ? true : undefined;
      });
      if (quiet === undefined)
        throw failure(
          'StillInUse',
          `${source.name}: clients still come to the source, which relays them (${clients} within the last minute)`,
        );
    }),
});
