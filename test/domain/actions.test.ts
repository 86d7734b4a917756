import { describe, expect, it } from 'vitest';
import { actions, actionsOf, isAlreadySo, refusalOf } from '../../domain/actions.ts';
import type { RelocationResult, RelocationStatus } from '../../domain/relocation.ts';

const since = '2026-01-01T00:00:00.000Z';
const at = { step: 'package', since } as const;
const no = { pausing: false, cancelling: false };
const failure = { type: 'NotYet', message: '' } as const;
const left = [{ undo: 'switchBack', ...failure, remedy: '' }];
const held = { state: 'held', until: null, recoverable: true, failure: null } as const;
const states: [string, RelocationStatus, string[]][] = [
  ['working', { ...at, state: 'working', cancellable: true, ...no }, ['pause', 'cancel']],
  ['working after the hand-over', { ...at, state: 'working', cancellable: false, ...no }, ['pause']],
  ['pausing', { ...at, state: 'working', cancellable: true, ...no, pausing: true }, ['resume', 'cancel']],
  ['pausing after the hand-over', { ...at, state: 'working', cancellable: false, ...no, pausing: true }, ['resume']],
  ['being cancelled', { ...at, state: 'working', cancellable: true, ...no, cancelling: true }, []],
  ['paused', { ...at, state: 'paused', cancellable: true }, ['resume', 'cancel']],
  ['paused after the hand-over', { ...at, state: 'paused', cancellable: false }, ['resume']],
  ['held', { ...at, state: 'held', until: null }, ['approve', 'cancel']],
  ['held, its source replaceable', { ...at, ...held, standby: null }, ['approve', 'cancel', 'recover']],
  ['a standby', { ...at, ...held, standby: { silentSince: null, copy: null } }, ['recover', 'cancel', 'approve']],
  [
    'parked',
    { ...at, state: 'parked', failure, until: null, abandonable: true, recoverable: false, left: [] },
    ['retry', 'abandon'],
  ],
  [
    'parked in doubt',
    { ...at, state: 'parked', failure, until: null, abandonable: false, recoverable: true, left: [] },
    ['retry', 'recover'],
  ],
  [
    'parked in the rollback',
    { ...at, state: 'parked', failure, until: since, abandonable: true, recoverable: true, left },
    ['retry', 'abandon', 'recover'],
  ],
  ['being rolled back', { ...at, state: 'rollingBack' }, []],
  ['ended', { ...at, state: 'ended', result: {} as RelocationResult }, []],
];

describe('what may be said to a relocation', () => {
  it.each(states)('that is %s is what is accepted of it', (_, status, expected) => {
    expect(actionsOf(status)).toEqual(expected);
    expect(actions.filter((action) => refusalOf(action, status) === undefined).toSorted()).toEqual(expected.toSorted());
  });

  it.each(states)('and what may not is refused with what it does and what may: %s', (_, status, expected) => {
    for (const action of actions) {
      const refused = refusalOf(action, status);
      if (refused?.type !== 'NotPossibleNow') continue;
      expect(refused.message).toMatch(new RegExp(`^${action} is not possible: it is `));
      for (const possible of expected) expect(refused.message).toMatch(possible);
    }
  });

  it('is too late to cancel after the hand-over, and only then', () => {
    const late = states.filter(([, status]) => refusalOf('cancel', status)?.type === 'CancelTooLate');
    expect(late.map(([name]) => name)).toEqual([
      'working after the hand-over',
      'pausing after the hand-over',
      'paused after the hand-over',
      'parked',
      'parked in doubt',
    ]);
  });

  it('is done already where it pauses or is cancelled', () => {
    const so = (action: 'pause' | 'cancel') =>
      states.filter(([, status]) => isAlreadySo(action, status)).map(([name]) => name);
    expect(so('pause')).toEqual(['pausing', 'pausing after the hand-over', 'paused', 'paused after the hand-over']);
    expect(so('cancel')).toEqual(['being cancelled']);
  });
});
