import {
  comes,
  fate,
  handOver,
  introduce,
  moved,
  prepared,
  refused,
  restart,
  retire,
  startedAgain,
  state,
} from '../moves.ts';
import { RULES, type Rule } from './rule.ts';

export const restarted: Rule = {
  id: 'restarted',
  title: 'Whoever was started again is a standby',
  clause: { anchor: RULES, words: 'A re-started instance is a standby, never an authority.' },
  scenarios: [
    {
      needs: ['two', 'restart'],
      moves: [restart, state('T', { serves: false }, { demand: 'T stood by, and stands by after a start' })],
    },
    {
      needs: ['two', 'restart'],
      moves: [
        ...moved(),
        restart,
        startedAgain('T', { demand: 'a standby, or, if it keeps all it knows on disk, the authority that it was' }),
      ],
    },
    {
      needs: ['two', 'restart'],
      moves: [
        ...moved(),
        ...moved('T', 'r2'),
        restart,
        state('T', { serves: false }, { demand: 'T had given him back: it is no authority after a start' }),
      ],
    },
  ],
};

export const stays: Rule = {
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
      needs: ['two', 'restart'],
      moves: [
        retire('T', {}, { is: 'going' }),
        introduce('T', { relocation: 'r2', demand: '409 "Retiring": it takes nobody any more' }, refused('Retiring')),
        restart,
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
