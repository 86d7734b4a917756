import type { FailureType } from './failures.ts';
import type { Guaranteed } from './guarantee.ts';
import type { RelocationResult } from './relocation.ts';
import { stepNames } from './steps.ts';

/** What an application can be seen to do in relocations, each proven by their results alone. */
export const feats = {
  copiesAhead: 'gave a copy of its users ahead',
  handsOver: 'handed its users over, all that its receipt says',
  takesOver: 'took the place of one that had died',
  transfersItself: "reported its users' context as transferred",
} as const;
export type Feat = keyof typeof feats;
export const featNames = Object.keys(feats) as [Feat, ...Feat[]];

/** What a relocation can fail of because its application does not keep what it is taken to keep. */
const broken = [
  'ContractMissing',
  'ContextNotCopied',
  'WritesMissing',
  'AuthoritySplit',
  'TransferNotCompleted',
] as const satisfies readonly FailureType[];

/** A relocation that has ended. */
export interface Ended {
  readonly relocation: string;
  readonly at: string;
  readonly result: RelocationResult;
}

export interface ContractSeen {
  /** Of each the latest. */
  readonly seen: readonly {
    readonly what: Feat;
    readonly at: string;
    readonly relocation: string;
    readonly freezeMs: number | null;
  }[];
  /** Of each failure the latest. */
  readonly missed: readonly {
    readonly failure: FailureType;
    readonly message: string;
    readonly at: string;
    readonly relocation: string;
  }[];
}

/** What these relocations of one application have seen of it; the latest first. */
export function contractSeen(ended: readonly Ended[]): ContractSeen {
  const missed = broken.flatMap((failure) => {
    const found = ended.find(({ result }) => result.failure?.type === failure);
    const message = found?.result.failure?.message ?? '';
    return found === undefined ? [] : [{ failure, message, at: found.at, relocation: found.relocation }];
  });
  const seen = featNames.flatMap((what) => {
    const found = ended.find(({ result }) => featsIn(result).includes(what));
    if (found === undefined) return [];
    const { at, relocation, result } = found;
    return [{ what, at, relocation, freezeMs: what === 'handsOver' ? result.freezeMs : null }];
  });
  return { seen, missed };
}

function featsIn({ outcome, guarantee, failure, freezeMs, recovery }: RelocationResult): Feat[] {
  if (recovery != null) return ['takesOver'];
  if (guarantee === 'applicationOwn') return isThrough(outcome) ? ['transfersItself'] : [];
  if (guarantee !== 'zeroLoss') return [];
  const beyond = isThrough(outcome) || (failure !== null && isAfterCopies(failure.step));
  // Only the receipt tells the freeze; where it was lost the target's word was enough to go on
  return [...(beyond ? (['copiesAhead'] as const) : []), ...(freezeMs === null ? [] : (['handsOver'] as const))];
}

const isThrough = (outcome: RelocationResult['outcome']): boolean =>
  outcome === 'relocated' || outcome === 'relocatedSourceKept';

const isAfterCopies = (step: NonNullable<RelocationResult['failure']>['step']): boolean =>
  stepNames.indexOf(step) > stepNames.indexOf('copyAhead');

/** What an application's record says of it: it is believed where it was seen. */
export function declaredBy(record: {
  readonly management?: object | undefined;
  readonly stateful: boolean;
  readonly transfer?: string | undefined;
}): Guaranteed {
  if (record.management !== undefined) return 'zeroLoss';
  if (!record.stateful) return 'stateless';
  return record.transfer === undefined ? 'none' : 'applicationOwn';
}
