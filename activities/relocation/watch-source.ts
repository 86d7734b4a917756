import type { Copy } from '../../domain/recovery.ts';
import { failure } from '../failure.ts';
import type { Wait } from '../ports.ts';
import { alive } from '../waiting.ts';
import { signWithin } from './lost.ts';
import { locate, look, sceneOf, type Both, type Means, type Scene } from './subject.ts';
import { copyIn } from './take-over.ts';

export interface WatchOrder extends Both {
  /** What is waited for. */
  readonly until: 'silent' | 'answers';
}

export interface Watched {
  /** An instant: the source is silent since then, or serves nobody; null: it serves. */
  readonly silentSince: string | null;
  readonly copy: Copy | null;
}

export const watching = (means: Means) => ({
  /** One look at the source of a standby, longer where it is silent. NotYet: it is as it was, and is looked at again. */
  watchSource: async (order: WatchOrder): Promise<Watched> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, order);
      const silentSince = await silence(means, scene, order, wait);
      if (order.until === 'answers' && silentSince === null) return { silentSince, copy: null };
      if (order.until === 'answers' || silentSince === null)
        throw failure('NotYet', `${scene.source.name}: instance ${order.from} is as it was`);
      const target = await locate(scene.target, scene.application, order.to, wait.signal);
      const state = await scene.context.target.state(target.endpoint, order.users, wait.signal);
      return { silentSince, copy: copyIn(state) };
    }),
});

/** Since when it gives no sign of life, for as long as it has to, or serves nobody; null: it gives one. */
export async function silence(
  { pace }: Pick<Means, 'pace'>,
  scene: Scene,
  { users, from, until }: Pick<WatchOrder, 'users' | 'from' | 'until'>,
  wait: Wait,
): Promise<string | null> {
  const since = new Date().toISOString();
  const begun = performance.now(); // clocks are set
  for (;;) {
    const seen = await look(scene.source, scene.application, from, wait.signal);
    const { sign, throughout } = await signWithin(scene, seen, users, pace.deadMs, wait.signal);
    if (sign === 'serves') return null;
    // One look tells whether it answers; one that hung was silent for as long as it has to be
    if (until === 'answers' || throughout || performance.now() - begun >= pace.deadMs) return since;
    await wait.pause();
  }
}
