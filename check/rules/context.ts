import { comes, copiedOnly, fate, handOver, moved, prepared, promise, same, state, write } from '../moves.ts';
import { RULES, SAFE, type Rule } from './rule.ts';

const COUNTED = 'the count in `state`';

export const intervals: Rule = {
  id: 'intervals',
  title: 'A write is accepted exactly once, in whatever order',
  clause: {
    anchor: RULES,
    words: 'A write is accepted exactly once by (user, number), kept as intervals',
  },
  scenarios: [
    {
      needs: ['write'],
      sees: COUNTED,
      moves: [
        write('S', 1),
        write('S', 1, 'a repetition is acknowledged'),
        state('S', { serves: true, count: 1 }, { demand: 'write 1 is accepted once, and counted once' }),
      ],
    },
    {
      needs: ['write'],
      sees: COUNTED,
      moves: [
        write('S', 2),
        write('S', 1, 'write 1 is no repetition, though 2 overtook it'),
        state('S', { serves: true, count: 2 }, { demand: 'both writes are accepted' }),
      ],
    },
    {
      needs: ['two', 'write'],
      sees: COUNTED,
      moves: [
        write('S', 2),
        ...moved(),
        write('T', 2, 'a repetition is acknowledged, whoever accepted it first'),
        state('T', { serves: true, count: 1 }, { demand: 'the accepted numbers are part of the context' }),
      ],
    },
    {
      needs: ['between', 'write'],
      sees: 'what is copied of the user',
      moves: [
        write('S', 1),
        ...copiedOnly('r'),
        ...copiedOnly('r2'),
        same('r', 'r2'),
        write('S', 1),
        ...copiedOnly('r3'),
        same('r2', 'r3', 'what was accepted has its effect once: a repetition changes nothing of the context'),
      ],
    },
  ],
};

export const sums: Rule = {
  id: 'sums',
  title: 'The target says yes only when it has everything',
  clause: { anchor: SAFE, words: '`prepare` carries sums, which T compares.' },
  presupposes: ['intervals'],
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
