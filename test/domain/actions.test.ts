import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Anchor } from '../../api/anchor.ts';
import { Evacuation } from '../../api/evacuation.ts';
import { anchorTold } from '../../api/northbound/anchor-reader.ts';
import { ServiceBinding } from '../../api/service-bindings.ts';
import { actions, actionsOf, isAlreadySo, refusalOf } from '../../domain/actions.ts';
import type { AnchorStatus } from '../../domain/anchor-request.ts';
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

describe('docs/operations.md tells what may be said when', () => {
  const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const [, section = ''] = /### What may be said when\n([^]*?)\n## /.exec(page) ?? [];
  const quoted = (text: string): string[] => [...text.matchAll(/`(\w+)`/g)].map(([, word = '']) => word);
  /** Of each row what stands in its first cell, and the commands of the other, up to what is said beside them. */
  const rowsBelow = (head: string): [string, string[]][] => {
    const [, table = ''] = new RegExp(`\\| ${head} \\|[^\\n]*\\n\\|[-|]+\\n((?:\\|.*\\n)+)`).exec(section) ?? [];
    return table
      .trimEnd()
      .split('\n')
      .map((row) => {
        const [, which = '', takes = ''] = row.split('|').map((cell) => cell.trim());
        return [which, quoted(takes.split(';')[0] ?? '')];
      });
  };

  /** By each state that a row names. */
  const byState = (head: string): Record<string, string[]> =>
    Object.fromEntries(rowsBelow(head).flatMap(([which, takes]) => quoted(which).map((state) => [state, takes])));

  it('to a relocation', () => {
    expect(rowsBelow('a relocation that is')).toEqual(states.map(([name, , expected]) => [name, expected]));
  });

  it('to an anchor', () => {
    const kept = { ...held, ...at, kept: true };
    const statuses = states.filter(([is]) => ['working', 'being cancelled', 'paused', 'parked'].includes(is));
    const told = [...statuses.map(([, status]) => status), kept].map((status) =>
      anchorTold(status as unknown as AnchorStatus),
    );
    const over = { ended: [], terminated: [] };
    const expected = Object.fromEntries(told.map(({ state, actions: takes }) => [state, takes]));
    expect(byState('an anchor that')).toEqual({ ...expected, ...over });
    expect(Object.keys(byState('an anchor that')).toSorted()).toEqual(Anchor.shape.state.unwrap().options.toSorted());
  });

  it('to a binding and to an evacuation, of whichever state', () => {
    const { binding, evacuation } = { binding: 'a binding that is', evacuation: 'an evacuation that is' };
    expect(Object.keys(byState(binding)).toSorted()).toEqual(ServiceBinding.shape.state.options.toSorted());
    expect(Object.keys(byState(evacuation)).toSorted()).toEqual(Evacuation.shape.state.options.toSorted());
  });
});
