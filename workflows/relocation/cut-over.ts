import type { SwitchOrder } from '../../activities/relocation/switch-path.ts';
import type { Interrupted } from '../../activities/relocation/transfer.ts';
import type { Guaranteed } from '../../domain/guarantee.ts';
import { keptIn } from '../kit/failure.ts';
import { handOver } from './hand-over.ts';
import type { Relocating } from './relocating.ts';

/** The point of no return. */
export type Decide = () => Promise<void>;

/** Steps 5 and 6, as far as they can be undone. `back`: turns the path back. */
export type CutOver = (relocating: Relocating, order: SwitchOrder, back: () => Promise<void>) => Promise<Decide>;

/** The path first: whoever arrives at the target is relayed, until the source has handed its users over. */
const relayed: CutOver = async ({ procedure, step, result }, { turns, ...both }, back) => {
  const { observed } = await procedure.step('switchPath', () => step.switchPath({ ...both, turns }), {
    switchBack: back,
  });
  result.pathObserved = observed;
  return async () => {
    result.handedOver = await handOver(procedure, step, both);
    procedure.recovery = undefined;
  };
};

/** The application's own transfer first, then the path (MEC 021, 5.2): the target relays to nobody. */
const transferred: CutOver = async (relocating, order) => {
  const { procedure, step, undo, calmAt } = relocating;
  const { turns: _, ...both } = order;
  const begun = Date.now();
  const interrupted = await procedure.step(
    'handOver',
    () => step.transferContext(both),
    { tellFailed: () => undo.tellFailed({ ...both, relied: true, calmAt: calmAt() }) },
    'interrupted',
  );
  relocating.result.moved.users = interrupted.users ?? 0;
  return turned(relocating, order, { ...interrupted, begun });
};

/** The source is stopped first, then the path: nothing moves what it keeps, and so there is one writer at any time. */
const stopped: CutOver = async (relocating, order) => {
  const { procedure, step, undo, calmAt } = relocating;
  const { turns: _, ...both } = order;
  const begun = Date.now();
  const interrupted = await procedure.step(
    'handOver',
    () => step.stopSource(both),
    {
      tellFailed: () => undo.tellFailed({ ...both, relied: false, calmAt: calmAt() }),
      startSource: () => undo.startSource({ ...both, calmAt: calmAt() }),
    },
    'interrupted',
  );
  return turned(relocating, { ...order, stopped: true }, { ...interrupted, begun });
};

/** Users are interrupted until the path has turned: nobody pauses there, and there is only forward. */
function turned(
  { procedure, forward, result }: Relocating,
  order: SwitchOrder,
  { sinceMs, begun }: Interrupted & { readonly begun: number },
): Decide {
  const prepared = Date.now();
  return async () => {
    let last = prepared;
    const turn = async (): ReturnType<typeof forward.switchPath> => {
      last = Date.now();
      try {
        const switched = await forward.switchPath(order);
        result.ranAgain ||= switched.ranAgain === true;
        return switched;
      } catch (error) {
        result.ranAgain ||= keptIn(error)['ranAgain'] !== undefined;
        throw error;
      }
    };
    result.decided = true;
    const { observed, tookMs = 0 } = await procedure.forward('switchPath', turn, 'interrupted');
    result.pathObserved = observed;
    // Without a vantage point nobody knows when devices arrived
    if (observed)
      result.interruption = { atLeastMs: sinceMs + (last - prepared) + tookMs, atMostMs: Date.now() - begun };
  };
}

/** How each kind of application is cut over: they differ in nothing else. */
export const cutOvers: Readonly<Record<Guaranteed, CutOver>> = {
  zeroLoss: relayed,
  stateless: relayed,
  applicationOwn: transferred,
  none: stopped,
};
