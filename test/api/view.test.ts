import { describe, expect, it } from 'vitest';
import { relocationOf } from '../../api/view.ts';
import type { Seen } from '../../api/seen.ts';
import { RelocationRequest, type RelocationStatus } from '../../domain/relocation.ts';

const seen = (more: Partial<Seen>): Seen => ({
  id: 'r1',
  workflowId: 'relocation:1',
  runId: '1',
  memo: {
    request: RelocationRequest.parse({ application: 'counter', source: 'cloud', target: 'a1' }),
    direction: 'cloudToMec',
  } as Seen['memo'],
  startedAt: '2026-11-01T00:00:00Z',
  endedAt: null,
  ended: undefined,
  outcome: undefined,
  pending: undefined,
  historyLength: 30,
  ...more,
});
const links = { temporalUi: undefined, namespace: 'default' };

describe('a relocation that is told from outside', () => {
  it.each(['notAsked', 'silent'] as const)(
    'and is parked (%s) offers what is possible of every parked one: nobody outside knows whether it is in doubt',
    (told) => {
      expect(relocationOf(seen({ outcome: 'parked' }), told, null, links)).toMatchObject({
        state: 'parked',
        actions: ['retry'],
      });
    },
  );
});

describe('a paused relocation with a deadline', () => {
  const deadline = '2026-11-02T00:00:00Z';
  const { memo } = seen({});
  const late = seen({ memo: { ...memo, request: { ...memo.request, deadline } } });
  const paused = (step: 'package' | 'drain', cancellable: boolean): RelocationStatus => ({
    state: 'paused',
    step,
    since: '2026-11-01T00:00:00Z',
    cancellable,
  });

  it.each([
    ['is rolled back then, as long as it can be', paused('package', true), deadline],
    ['waits for a person alone once the hand-over has begun', paused('drain', false), null],
  ] as const)('%s', (_, told, until) => {
    expect(relocationOf(late, told, null, links).waitingFor).toMatchObject({ until });
  });
});
