import type { Taking } from '../../domain/anchoring.ts';
import { failure } from '../failure.ts';
import type { Wait } from '../ports.ts';
import { calm } from '../relocation/copy-ahead.ts';
import { look, sceneOf, whatItSays, type Both, type Means, type Scene } from '../relocation/subject.ts';
import { alive, until } from '../waiting.ts';
import { networkNamed, notLedTo } from './view.ts';

export interface TurnOrder extends Both {
  readonly network: string;
  readonly relayed: boolean;
  readonly turn: string;
}

export interface TurnBackOrder extends Both {
  readonly network: string;
  readonly relayed: boolean;
  /** Its own, and what a relocation may have made of it. */
  readonly turns: readonly string[];
  /** The relocation that has taken it in; null: none. */
  readonly under: Omit<Taking, 'turn'> | null;
  /** The name led to the source's own address there before. */
  readonly named: boolean;
  readonly calmAt: number;
}

export const turningAnchor = (means: Means) => ({
  /** Step 5 ([5.4.2-6]): the holder's rules lead to the source, by compare-and-swap, and a device's view of it is observed. */
  turnAnchor: async (order: TurnOrder): Promise<{ changed: number; observed: boolean }> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, order);
      wait.progress('changing rules');
      const changed = (await scene.target.path?.turn(order.turn, wait)) ?? 0;
      const { vantage } = (await networkNamed(means, order.network)).network;
      if (vantage === undefined) return { changed, observed: false };
      let seen = '';
      const led = { id: order.relayed ? order.to : order.from };
      const arrives = await until(wait, means.pace.stepMs / 2, async () => {
        wait.progress(`observing the path from ${order.network}`);
        seen = await notLedTo(vantage, scene.application, scene.device, led, wait.signal);
        return seen === '' ? true : undefined;
      });
      if (arrives === undefined) throw failure('PathNotObserved', `${order.network}: ${seen}`);
      return { changed, observed: true };
    }),

  /**
   * The undo: what was turned is turned back, wherever a relocation has led it since; once more after a while. A relocation that
   * turns these rules with its own is waited for: it, and nobody else, knows where they lead. NotYet.
   */
  turnAnchorBack: async (order: TurnBackOrder): Promise<void> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, order);
      const { under } = order;
      if (under !== null) {
        const became = (await means.anchors?.relocation(under.relocation, wait.signal)) ?? 'over';
        if (became === 'runs')
          throw failure('NotYet', `relocation ${under.relocation} moves the source, and turns this anchor with it`);
        // Its holder serves them by now: the rules are its own
        if (became === 'moved' && under.target === order.target && under.to === order.to) return;
      }
      const { path } = scene.target;
      const turn = order.turns.reduce((all, later) => path?.takenFurther(all, later) ?? later);
      const back = async (): Promise<void> => void (await path?.turnBack(turn, wait));
      wait.progress('changing rules back');
      await back();
      if (await calm(order.calmAt, wait)) await back();
      await observeBack(means, scene, order, wait);
    }),
});

/** Devices that ask by name are led there no more, as far as that can be seen. */
async function observeBack(means: Means, scene: Scene, order: TurnBackOrder, wait: Wait): Promise<void> {
  const { vantage } = (await networkNamed(means, order.network)).network;
  if (vantage === undefined || scene.device !== null || order.relayed || order.named) return;
  // A source that died with its host keeps nobody from giving back what leads to it
  const source = await whatItSays(
    async () => await look(scene.source, scene.application, order.from, wait.signal),
    wait.signal,
  );
  if (source instanceof Error || source.endpoint === null) return;
  const { endpoint } = source;
  const gone = await until(wait, means.pace.stepMs / 2, async () => {
    wait.progress(`observing from ${order.network} that the name leads there no more`);
    const { addresses } = await vantage.resolve(scene.application.domainName, wait.signal);
    return addresses.includes(endpoint.host) ? undefined : true;
  });
  if (gone === undefined)
    throw failure('NotYet', `${order.network}: ${scene.application.domainName} still leads to instance ${order.from}`);
}
