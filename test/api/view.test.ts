import { describe, expect, it } from 'vitest';
import { relocationOf } from '../../api/view.ts';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { Reader } from '../../api/northbound/reader.ts';
import { pendingIn, type Seen } from '../../api/seen.ts';
import { watches } from '../../domain/watches.ts';
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

/** As Temporal describes an activity under way. */
const under = (name: string, failure: string, told?: string) => ({
  activityType: { name },
  attempt: 13,
  lastFailure: { message: 'a2: instance b9b6 is as it was', applicationFailureInfo: { type: failure } },
  ...(told !== undefined && { heartbeatDetails: { payloads: [defaultPayloadConverter.toPayload(told)] } }),
});
const pending = (...pendingActivities: readonly object[]) =>
  pendingIn({ raw: { pendingActivities } } as unknown as WorkflowExecutionDescription);

describe('what is under way', () => {
  it.each(Object.keys(watches))('is no attempt that failed where it looks again and again: %s', (watch) => {
    expect(pending(under(watch, 'NotYet', ''))).toMatchObject({
      activity: watch,
      attempt: null,
      nextAt: null,
      lastFailure: null,
      sentence: undefined,
    });
    expect(pending(under(watch, 'PeerUnavailable'))).toMatchObject({ lastFailure: expect.stringMatching(/^PeerUn/) });
  });

  it('is told with its attempts where it is a step, also beside a watch', () => {
    const step = { activity: 'copyAhead', attempt: 13, lastFailure: 'NotYet: a2: instance b9b6 is as it was' };
    expect(pending(under('watchSource', 'NotYet'), under('copyAhead', 'NotYet'))).toMatchObject(step);
  });
});

describe('a list', () => {
  const watching = pending(under('watchSource', 'NotYet'));
  const held = { state: 'held', step: 'copyAhead', since: '2026-11-01T00:00:00Z', until: null } as const;
  class Known extends Reader {
    readonly silentSince: string | null;
    constructor(silentSince: string | null) {
      super({ options: { namespace: 'default' } } as never, undefined);
      this.silentSince = silentSince;
    }
    override async lookAt(): Promise<Seen> {
      return seen({ outcome: 'held', pending: watching });
    }
    override async ask(): Promise<RelocationStatus> {
      return { ...held, standby: { silentSince: this.silentSince, copy: null }, recoverable: true, failure: null };
    }
  }

  it.each([
    [null, 'an operator: the standby is kept warm'],
    ['2026-11-01T00:00:05Z', 'an operator: the source has been silent since 2026-11-01T00:00:05Z: recover, or cancel'],
  ])('tells of a standby whether its source is silent, and since when: %s', async (silentSince, what) => {
    const [entry] = await new Known(silentSince).entries([seen({ outcome: 'held' })]);
    expect(entry).toMatchObject({
      state: 'held',
      actions: ['recover', 'cancel', 'approve'],
      waitingFor: { what: expect.stringContaining(what), attempt: null, lastFailure: null },
    });
  });

  it('names what is waited for where no worker tells, and no attempt', () => {
    const { memo } = seen({});
    const standby = { ...memo, request: { ...memo.request, cutOver: { standby: true } } } as Seen['memo'];
    const told = relocationOf(seen({ outcome: 'held', pending: watching, memo: standby }), 'silent', null, links);
    expect(told).toMatchObject({ state: 'held', actions: ['recover', 'cancel', 'approve'] });
    expect(told.waitingFor).toMatchObject({ attempt: null, lastFailure: null });
  });
});

describe('a held relocation', () => {
  it('that has to be approved does not speak of a source that is lost', () => {
    const status = { state: 'held', step: 'copyAhead', since: '2026-11-01T00:00:00Z', until: null } as const;
    const { waitingFor, actions } = relocationOf(
      seen({}),
      { ...status, recoverable: true, failure: null },
      null,
      links,
    );
    expect([waitingFor?.what, actions]).toEqual([
      'an operator: the cut-over has to be approved',
      ['approve', 'cancel', 'recover'],
    ]);
  });
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
