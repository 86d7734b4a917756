import { describe, expect, it } from 'vitest';
import { contractSeen, declaredBy, type Ended, type Feat } from '../../domain/contract-seen.ts';
import type { FailureType } from '../../domain/failures.ts';
import type { RelocationResult } from '../../domain/relocation.ts';
import type { StepName } from '../../domain/steps.ts';

const relocated: RelocationResult = {
  outcome: 'relocated',
  failure: null,
  leftovers: [],
  durationsMs: {},
  totalMs: 1_000,
  moved: { users: 2, subscriptions: 3, instance: 'created', package: 'kept' },
  freezeMs: 2.1,
  epoch: 4,
  guarantee: 'zeroLoss',
  pathObserved: true,
  cancelTooLate: false,
};
const ended = (at: number, change: Partial<RelocationResult>): Ended => ({
  relocation: `r-${at}`,
  at: `2026-01-0${at}T00:00:00.000Z`,
  result: { ...relocated, ...change },
});
const failedAt = (step: StepName, type: FailureType = 'PathNotObserved'): Partial<RelocationResult> => ({
  outcome: 'rolledBack',
  failure: { type, step, message: 'so it was', remedy: '' },
  freezeMs: null,
  epoch: null,
});
const recovery = { fence: 'stopped', users: 2, writes: 9 } as const;

describe('what an application was seen to keep', () => {
  it.each<[string, Partial<RelocationResult>, Feat[]]>([
    ['a move that went through', {}, ['copiesAhead', 'handsOver']],
    ['one whose source stays', { outcome: 'relocatedSourceKept' }, ['copiesAhead', 'handsOver']],
    ['one whose receipt was lost on its way', { freezeMs: null }, ['copiesAhead']],
    ['one that was refused', { ...failedAt('check'), outcome: 'refused' }, []],
    ['one whose copies did not come', failedAt('copyAhead', 'ContextNotCopied'), []],
    ['one that failed after them', failedAt('switchPath'), ['copiesAhead']],
    ['one that was given up after the hand-over', { ...failedAt('notify'), freezeMs: 2 }, ['copiesAhead', 'handsOver']],
    ['a takeover', { outcome: 'recovered', guarantee: null, freezeMs: null, recovery }, ['takesOver']],
    ['a transfer of its own', { guarantee: 'applicationOwn', freezeMs: null }, ['transfersItself']],
    ['one of that kind that failed', { ...failedAt('handOver'), guarantee: 'applicationOwn' }, []],
    ['one without a promise', { guarantee: 'none', freezeMs: null }, []],
    ['one of an application without state', { guarantee: 'stateless', freezeMs: null }, []],
  ])('is by %s no more than that shows', (_, change, feats) => {
    expect(contractSeen([ended(1, change)]).seen.map(({ what }) => what)).toEqual(feats);
  });

  it('is told with the latest that saw it, and beside it the latest of each failure that is its own', () => {
    const history = [
      ended(7, failedAt('switchPath')),
      ended(6, failedAt('handOver', 'WritesMissing')),
      ended(5, {}),
      ended(4, failedAt('handOver', 'WritesMissing')),
      ended(3, { freezeMs: 9 }),
    ];
    expect(contractSeen(history)).toEqual({
      seen: [
        { what: 'copiesAhead', at: '2026-01-07T00:00:00.000Z', relocation: 'r-7', freezeMs: null },
        { what: 'handsOver', at: '2026-01-05T00:00:00.000Z', relocation: 'r-5', freezeMs: 2.1 },
      ],
      missed: [{ failure: 'WritesMissing', message: 'so it was', at: '2026-01-06T00:00:00.000Z', relocation: 'r-6' }],
    });
  });

  it('is nothing where nobody has looked, whatever its record declares', () => {
    expect(contractSeen([])).toEqual({ seen: [], missed: [] });
    expect(declaredBy({ management: { port: 1 }, stateful: true })).toBe('zeroLoss');
    expect(declaredBy({ stateful: false })).toBe('stateless');
    expect(declaredBy({ stateful: true, transfer: 'mec021' })).toBe('applicationOwn');
    expect(declaredBy({ stateful: true })).toBe('none');
  });
});
