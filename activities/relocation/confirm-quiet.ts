import { failure } from '../failure.ts';
import { alive, until } from '../waiting.ts';
import { canBeAsked, look, mayRun, notThere, sceneOf, type Both, type Means } from './subject.ts';

export const draining = (means: Means) => ({
  /**
   * Step 8, after the timer (GR MEC 035, 5.3.1): until the source has seen no client for a while, or is gone: who has
   * stopped, failed, was terminated or vanished has no clients. StillInUse: a limit.
   */
  confirmQuiet: async (order: Both): Promise<void> =>
    await alive(means.pace, async (wait) => {
      const { application, source, context } = await sceneOf(means, order);
      let told = '';
      const quiet = await until(wait, means.pace.drainLimitMs, async () => {
        const instance = await look(source, application, order.from, wait.signal);
        if (!mayRun(instance)) return true;
        if (!canBeAsked(instance)) {
          told = `${notThere(source, order.from, instance).message}: whether clients still come to it cannot be asked`;
          return undefined;
        }
        const state = await context.source.state(instance.endpoint, order.users, wait.signal);
        told = `${source.name}: clients still come to the source, which relays them (${state.clients} within the last minute)`;
        const seconds = state.clientSeenSecondsAgo;
        wait.progress(
          seconds === null
            ? 'no client was seen at the source'
            : `a client was seen at the source ${seconds.toFixed(0)} s ago`,
        );
        return seconds === null || seconds * 1_000 >= means.pace.quietMs ? true : undefined;
      });
      if (quiet === undefined) throw failure('StillInUse', told);
    }),
});
