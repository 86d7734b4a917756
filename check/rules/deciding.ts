import {
  comes,
  fate,
  handOver,
  introduce,
  prepared,
  promise,
  refused,
  release,
  restart,
  settle,
  state,
} from '../moves.ts';
import { CALLS, RULES, SAFE, type Rule } from './rule.ts';

export const sourceDecides: Rule = {
  id: 'sourceDecides',
  title: 'Only the source decides',
  clause: { anchor: RULES, words: 'Only the source freezes, thaws and decides.' },
  scenarios: [
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
        handOver('S', { begins: true }),
        comes('prepare', { answered: true }),
        state('T', { serves: false }, { demand: 'what T has said yes to is no decision: S may thaw yet' }),
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

export const freezeNumber: Rule = {
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
            demand: 'the second freeze proposes a higher epoch than the first did',
          },
          { is: 'receipt', skips: 1 },
        ),
      ],
    },
    {
      needs: ['between'],
      moves: [
        fate('prepare', 'keepAnswer'),
        ...prepared(),
        handOver('S', {}, refused('TargetSilent')),
        release,
        state('S', { serves: true }, { demand: 'an answer that arrives late counts for nothing' }),
      ],
    },
  ],
};

export const tombstone: Rule = {
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

export const decisionIsTold: Rule = {
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
