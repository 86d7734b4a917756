import {
  again,
  comes,
  ends,
  fate,
  handOver,
  introduce,
  moved,
  prepared,
  promise,
  refused,
  release,
  restart,
  retire,
  type Scenario,
  settle,
  state,
  supersede,
  write,
} from './moves.ts';

/** A rule of the contract, and how to see that it is kept. */
export interface Rule {
  readonly id: string;
  readonly title: string;
  /** Where the page says so, and its words. */
  readonly clause: { readonly anchor: string; readonly words: string };
  /** The shortest first: the first that fails is told. */
  readonly scenarios: readonly Scenario[];
}

const RULES = 'rules';
const CALLS = 'the-management-endpoint-httpinstancemanagement-portrelocationv1';
const SAFE = 'why-it-is-safe';

const calls: Rule = {
  id: 'calls',
  title: 'The calls answer as the table says',
  clause: { anchor: CALLS, words: 'Seven calls on a management endpoint of each instance' },
  scenarios: [
    {
      needs: [],
      moves: [
        state('S', { serves: true }, { demand: 'whoever serves those it does not list is their authority' }),
        promise('S', { demand: '200 {users, copied}' }),
      ],
    },
    {
      needs: ['two'],
      moves: [promise('T', { demand: '409 "NotServing": T is not their authority' }, refused('NotServing'))],
    },
    {
      needs: [],
      moves: [handOver('S', { demand: '409 "NotPromised": nothing was' }, refused('NotPromised'))],
    },
    {
      needs: [],
      moves: [
        promise('S'),
        promise('S', { demand: 'asked again with the same relocation it answers again' }),
        promise('S', { relocation: 'r2', demand: '409 "PromisedElsewhere"' }, refused('PromisedElsewhere')),
      ],
    },
    {
      needs: ['two'],
      moves: [
        introduce('T', { demand: '204: T stands by, and relays to S' }),
        state('T', { serves: false }, { demand: 'T is not his authority yet' }),
        promise('S', { other: 'T', demand: '200 {users, copied}' }),
        handOver('S', { demand: '200, the receipt, with each user that was given' }),
        state('S', { serves: false }, { demand: 'from the decision on S relays' }),
        state(
          'T',
          { serves: true, epoch: 'receipt' },
          { until: true, demand: 'T hears of the decision, with its epoch' },
        ),
        settle('S', 'handedOver', { demand: 'S had decided' }, false),
        settle('T', 'handedOver', { demand: 'T is the authority' }, true),
      ],
    },
  ],
};

const sameAnswer: Rule = {
  id: 'sameAnswer',
  title: 'A hand-over that is asked for again is the same one',
  clause: { anchor: CALLS, words: 'Idempotent: asked again after the decision it answers the same receipt.' },
  scenarios: [
    {
      needs: ['two'],
      moves: [...moved(), handOver('S', { demand: 'the same receipt' }, { is: 'sameReceipt' })],
    },
    {
      needs: ['between'],
      moves: [
        fate('prepare', 'keepAnswer'),
        ...prepared(),
        handOver('S', { begins: true }),
        comes('prepare', { answered: true }),
        // The first answer was lost: whoever asked asks again while it is still under way
        handOver('S', { begins: true }),
        release,
        ends({ is: 'sameReceipt' }, 'whoever asks meanwhile is answered the same receipt'),
      ],
    },
  ],
};

const sourceDecides: Rule = {
  id: 'sourceDecides',
  title: 'Only the source decides',
  clause: { anchor: RULES, words: 'Only the source freezes, thaws and decides.' },
  scenarios: [
    {
      needs: ['between'],
      moves: [
        fate('prepare', 'keepAnswer'),
        ...prepared(),
        handOver('S', { begins: true }),
        comes('prepare', { answered: true }),
        state('T', { serves: false }, { demand: 'what T has said yes to is no decision: S may thaw yet' }),
      ],
    },
    {
      needs: ['between'],
      moves: [
        fate('prepare', 'hold'),
        ...prepared(),
        handOver(
          'S',
          { demand: '504 "TargetSilent" within the freeze limit: it thaws by itself' },
          refused('TargetSilent'),
        ),
        state('S', { serves: true }, { demand: 'S thawed, and is the authority' }),
      ],
    },
    {
      needs: ['between'],
      moves: [
        fate('prepare', 'keepAnswer'),
        ...prepared(),
        handOver('S', {}, refused('TargetSilent')),
        settle('S', 'kept', { demand: 'S had not decided' }, true),
        state('T', { serves: false }, { demand: 'S kept him: T must not serve him' }),
        settle('T', 'kept', { demand: 'T is not the authority' }, false),
      ],
    },
  ],
};

const freezeNumber: Rule = {
  id: 'freezeNumber',
  title: 'Each freeze has its own number',
  clause: { anchor: RULES, words: 'Each freeze has its own number k' },
  scenarios: [
    {
      needs: ['between'],
      moves: [
        fate('prepare', 'lose'),
        ...prepared(),
        handOver('S', {}, refused('TargetSilent')),
        release,
        handOver(
          'S',
          {
            demand:
              'the epoch of the second freeze is higher than that of the first, which was proposed and not decided',
          },
          { is: 'receipt', skips: 1 },
        ),
      ],
    },
  ],
};

const tombstone: Rule = {
  id: 'tombstone',
  title: 'What was settled as kept is kept for ever',
  clause: { anchor: CALLS, words: 'a tombstone is written even where nothing was promised or frozen' },
  scenarios: [
    {
      needs: [],
      moves: [settle('S', 'kept'), promise('S', { demand: '409 "Kept": the undo came first' }, refused('Kept'))],
    },
    {
      needs: [],
      moves: [
        promise('S'),
        settle('S', 'kept'),
        handOver('S', { demand: '409 "Kept": a hand-over that arrives late is refused' }, refused('Kept')),
      ],
    },
    {
      needs: ['two'],
      moves: [
        introduce('T'),
        settle('T', 'kept', {}, false),
        introduce('T', { demand: '409 "Kept": an introduction that arrives late is refused' }, refused('Kept')),
      ],
    },
  ],
};

const authorityRefuses: Rule = {
  id: 'authorityRefuses',
  title: '`copy` and `prepare` are refused by an authority',
  clause: { anchor: RULES, words: '`copy` and `prepare` are refused by an authority.' },
  scenarios: [
    {
      needs: [],
      moves: [
        introduce('S', { demand: '409 "Authority": S serves him' }, refused('Authority')),
        state('S', { serves: true }, { demand: 'S is still his authority' }),
      ],
    },
    {
      needs: ['two'],
      moves: [
        ...moved(),
        introduce('T', { relocation: 'r2', demand: '409 "Authority": T serves him by now' }, refused('Authority')),
        state('T', { serves: true }, { demand: 'T is still his authority' }),
      ],
    },
    {
      needs: ['between'],
      moves: [
        fate('copy', 'lose'),
        ...moved(),
        again('prepare'),
        state(
          'T',
          { serves: true, epoch: 'receipt' },
          { demand: 'a prepare that arrives late changes nothing at an authority' },
        ),
      ],
    },
  ],
};

const relays: Rule = {
  id: 'relays',
  title: 'Whoever is not the authority relays',
  clause: { anchor: RULES, words: 'An instance that is not the authority relays to the one it knows of' },
  scenarios: [
    {
      needs: ['two', 'write'],
      moves: [
        introduce('T'),
        write('T', 1, 'T relays to S, to which it was introduced'),
        state('S', { serves: true, count: 1 }, { demand: 'S has accepted the write that reached T' }),
      ],
    },
    {
      needs: ['two', 'write'],
      moves: [
        ...moved(),
        write('S', 1, 'S relays to T, to which it gave him'),
        state('T', { serves: true, count: 1 }, { demand: 'T has accepted the write that reached S' }),
      ],
    },
  ],
};

const intervals: Rule = {
  id: 'intervals',
  title: 'A write is accepted exactly once, in whatever order',
  clause: {
    anchor: RULES,
    words: 'A write is accepted exactly once by (user, number), kept as intervals',
  },
  scenarios: [
    {
      needs: ['write'],
      moves: [
        write('S', 1),
        write('S', 1, 'a repetition is acknowledged'),
        state('S', { serves: true, count: 1 }, { demand: 'write 1 is accepted once, and counted once' }),
      ],
    },
    {
      needs: ['write'],
      moves: [
        write('S', 2),
        write('S', 1, 'write 1 is no repetition, though 2 overtook it'),
        state('S', { serves: true, count: 2 }, { demand: 'both writes are accepted' }),
      ],
    },
    {
      needs: ['two', 'write'],
      moves: [
        write('S', 2),
        ...moved(),
        write('T', 2, 'a repetition is acknowledged, whoever accepted it first'),
        state('T', { serves: true, count: 1 }, { demand: 'the accepted numbers are part of the context' }),
      ],
    },
  ],
};

const olderEpoch: Rule = {
  id: 'olderEpoch',
  title: 'A control message of an older epoch is refused',
  clause: { anchor: RULES, words: 'A control message of an older epoch is refused' },
  scenarios: [
    {
      needs: ['between'],
      moves: [
        // Then the prepare carries everything
        fate('copy', 'lose'),
        ...moved(),
        ...moved('T', 'r2'),
        again('prepare'),
        again('commit'),
        state('T', { serves: false }, { demand: 'T gave him back: what made it the authority before is over' }),
        state('S', { serves: true }, { demand: 'S is the authority, and the only one' }),
      ],
    },
  ],
};

const sums: Rule = {
  id: 'sums',
  title: 'The target says yes only when it has everything',
  clause: { anchor: SAFE, words: '`prepare` carries sums, which T compares.' },
  scenarios: [
    {
      needs: ['between'],
      moves: [
        fate('copy', 'forge'),
        ...prepared(),
        promise('S', { other: 'T', until: true }, { is: 'copied' }),
        handOver('S', {}, { is: 'any' }),
        {
          move: 'one',
          count: 0,
          demand: 'T misses what it was copied: it says so, and is sent everything, or S stays the authority',
        },
      ],
    },
    {
      needs: ['between', 'write'],
      moves: [
        ...prepared(),
        promise('S', { other: 'T', until: true }, { is: 'copied' }),
        fate('copy', 'forge'),
        write('S', 1),
        comes('copy', { answered: true }),
        promise('S', { other: 'T', until: true }, { is: 'copied' }),
        handOver('S', {}, { is: 'any' }),
        { move: 'one', count: 1, demand: 'T has him without his last write: it says so, and is sent everything' },
      ],
    },
  ],
};

const decisionIsTold: Rule = {
  id: 'decisionIsTold',
  title: 'The source tells its decision until the target has heard',
  clause: { anchor: SAFE, words: '`commit` is repeated until T has heard it' },
  scenarios: [
    {
      needs: ['between'],
      moves: [
        fate('commit', 'lose'),
        ...prepared(),
        handOver('S'),
        comes('commit'),
        release,
        state('T', { serves: true, epoch: 'receipt' }, { until: true, demand: 'the commit comes again' }),
      ],
    },
    {
      needs: ['between', 'restart'],
      moves: [
        fate('commit', 'lose'),
        ...prepared(),
        handOver('S'),
        comes('commit'),
        restart,
        release,
        state('T', { serves: true }, { until: true, demand: 'T has forgotten its yes: it is sent everything' }),
      ],
    },
  ],
};

const restarted: Rule = {
  id: 'restarted',
  title: 'Whoever was started again is a standby',
  clause: { anchor: RULES, words: 'A re-started instance is a standby, never an authority.' },
  scenarios: [
    {
      needs: ['two', 'restart'],
      moves: [...moved(), restart, state('T', { serves: false }, { demand: 'T was started again: it serves nobody' })],
    },
  ],
};

const takeover: Rule = {
  id: 'takeover',
  title: 'After a takeover what is older counts for nothing',
  clause: { anchor: CALLS, words: 'about these users with an older epoch are refused from then on' },
  scenarios: [
    {
      needs: [],
      moves: [
        promise('S'),
        supersede(
          'S',
          { other: 'T', spared: true, demand: '409 "Authority": there is nothing to take over' },
          refused('Authority'),
        ),
      ],
    },
    {
      needs: ['two'],
      moves: [
        supersede('S', { other: 'T' }),
        state('S', { serves: false }, { demand: 'S gives way' }),
        introduce(
          'S',
          { relocation: 'r2', late: true, demand: '409 "Outdated": its epoch is older' },
          refused('Outdated'),
        ),
        supersede('T'),
        state(
          'T',
          { serves: true, epoch: 'takeover' },
          { demand: 'T takes his place, with the epoch of the takeover' },
        ),
      ],
    },
  ],
};

const stays: Rule = {
  id: 'stays',
  title: 'An instance goes only when nobody needs it',
  clause: { anchor: RULES, words: 'An instance is taken away only after it has said that it goes' },
  scenarios: [
    { needs: [], moves: [retire('S', { demand: '{"retires": false}: it serves' })] },
    {
      needs: ['two'],
      moves: [
        introduce('T'),
        retire('T', { relocation: 'r2', demand: '{"retires": false}: a relocation is on its way to it' }),
      ],
    },
    {
      needs: ['between'],
      between: 'T>S',
      moves: [
        ...moved('S', 'r'),
        fate('commit', 'lose'),
        ...prepared('T', 'r2'),
        handOver('T', { relocation: 'r2' }),
        comes('commit'),
        retire('T', { relocation: 'r3', demand: '{"retires": false}: its target has not heard of its decision' }),
      ],
    },
  ],
};

/** What cannot be undone comes last. */
export const rules: readonly Rule[] = [
  calls,
  sameAnswer,
  sourceDecides,
  freezeNumber,
  tombstone,
  authorityRefuses,
  relays,
  intervals,
  olderEpoch,
  sums,
  decisionIsTold,
  takeover,
  restarted,
  stays,
];

/** A plain hand-over, to see what one tells the other. */
export const plain: Scenario = { needs: ['two'], moves: moved() };
