import type { AnchorUndo } from '../../domain/anchoring.ts';
import type { Anchoring } from './anchoring.ts';

export type Undos = Readonly<Record<AnchorUndo, () => Promise<void>>>;

/** Whatever has been brought about, by whichever run of the chain, and wherever it leads by now. */
export const undosOf = (anchoring: Anchoring): Undos => ({
  removeHolder: async () => {
    const { brought, undo, subject, leading } = anchoring;
    const { to, own } = brought;
    const { target, there } = leading;
    await undo.removeHolder({ ...subject, target, there, to, own, calmAt: anchoring.calmAt() });
  },
  hideServices: async () => {
    const { brought, undo, leading } = anchoring;
    const { there: _, ...both } = leading;
    const { made, before, to } = brought;
    await undo.hideServices({ ...both, to: to ?? '', made, before, calmAt: anchoring.calmAt() });
  },
  turnAnchorBack: async () => await anchoring.turnBack(),
});
