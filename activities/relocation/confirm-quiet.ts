import { failure } from '../failure.ts';
import { alive, until } from '../waiting.ts';
import { find, isLocated, sceneOf, type Both, type Means } from './subject.ts';

export const draining = (means: Means) => ({
  /**
   * Step 8, after the timer (GR MEC 035, 5.3.1): until the source has seen no client for a while, or is gone: who has
   * stopped, failed or vanished has no clients. StillInUse: a limit.
   */
  confirmQuiet: async (order: Both): Promise<void> =>
    await alive(means.pace, async (wait) => {
      const { application, source, context } = await sceneOf(means, order);
      let clients = 0;
      const quiet = await until(wait, means.pace.drainLimitMs, async () => {
        const instance = await find(source, application, order.from, wait.signal);
        const seen = instance?.state ?? (await source.instances.stateOf(order.from, wait.signal));
        if (seen === 'gone' || seen === 'stopped' || seen === 'failed') return true;
        if (instance === undefined || !isLocated(instance)) return undefined;
        const state = await context.source.state(instance.endpoint, order.users, wait.signal);
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
