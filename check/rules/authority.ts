import { again, fate, introduce, moved, promise, refused, state, supersede, write } from '../moves.ts';
import { CALLS, RULES, type Rule } from './rule.ts';

export const authorityRefuses: Rule = {
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

export const relays: Rule = {
  id: 'relays',
  title: 'Whoever is not the authority relays',
  clause: { anchor: RULES, words: 'An instance that is not the authority relays to the one it knows of' },
  presupposes: ['intervals'],
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

export const olderEpoch: Rule = {
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

export const takeover: Rule = {
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
