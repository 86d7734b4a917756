import {
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
  settle,
  state,
} from '../moves.ts';
import { CALLS, type Rule } from './rule.ts';

export const calls: Rule = {
  id: 'calls',
  title: 'The calls answer as the table says',
  clause: { anchor: CALLS, words: 'Seven calls on a management endpoint of each instance' },
  scenarios: [
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
        state('S', { serves: true }, { demand: 'whoever serves those it does not list is their authority' }),
        promise('S', { demand: '200 {users, copied}' }),
      ],
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

export const sameAnswer: Rule = {
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
