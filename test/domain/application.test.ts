import { describe, expect, it } from 'vitest';
import {
  type ApplicationState,
  arrived,
  isClaimedTwice,
  type Receipt,
  serves,
  shortfallTold,
} from '../../domain/application.ts';

type Role = ApplicationState['role'];

const state = (role: Role, ...users: [user: string, role: Role, epoch: number, count: number][]): ApplicationState => ({
  instance: 'i1',
  role,
  epoch: 0,
  copies: [],
  users: users.map(([user, of, epoch, count]) => ({ user, role: of, epoch, count })),
  promisedTo: null,
  retiring: false,
  clientSeenSecondsAgo: null,
  clients: 0,
  expectedFreezeMs: 1,
});

const receipt = (epoch: number, ...of: [user: string, count: number][]): Receipt => ({
  relocation: 'r',
  epoch,
  users: of.length,
  count: of.reduce((sum, [, count]) => sum + count, 0),
  of: of.map(([user, count]) => ({ user, count })),
  freezeMs: 2,
});

describe('two instances', () => {
  it('accept writes of the same user where one lists him and the other serves whoever is not listed', () => {
    const all = state('authority', ['ue-2', 'relay', 1, 0]);
    expect(isClaimedTwice([all, state('standby', ['ue-1', 'authority', 1, 0])], '*')).toBe(true);
    expect(isClaimedTwice([all, state('standby', ['ue-2', 'authority', 1, 0])], '*')).toBe(false);
    expect(isClaimedTwice([all, state('authority', ['ue-1', 'relay', 1, 0])], '*')).toBe(true);
    expect(isClaimedTwice([all, state('standby', ['ue-2', 'authority', 1, 0])], 'ue-1')).toBe(false);
    expect(isClaimedTwice([all, state('standby', ['ue-1', 'authority', 1, 0])], 'ue-1')).toBe(true);
  });

  it('are compared at the cost of their users, however many: each is looked at as often as one alone', () => {
    const looks = (users: number): number => {
      let looked = 0;
      const of = (role: Role): ApplicationState => ({
        ...state('standby'),
        users: Array.from({ length: users }, (_, n) => ({
          get user() {
            looked += 1;
            return `ue-${n}`;
          },
          role,
          epoch: 1,
          count: 0,
        })),
      });
      expect(isClaimedTwice([of('authority'), of('standby')], '*')).toBe(false);
      return looked;
    };
    expect(looks(2_000)).toBe(2_000 * looks(1));
  });
});

describe('what the receipt says is compared with the target user by user', () => {
  it('is not there where the receipt names nobody for the writes that it counts, and the target has none', () => {
    const nobody: Receipt = { ...receipt(2), users: 5, count: 100 };
    expect(arrived(nobody, state('standby'), '*')).not.toBeNull();
    expect(arrived(nobody, state('authority'), '*')).not.toBeNull();
    expect(
      arrived({ ...receipt(2, ['ue-1', 3]), count: 100 }, state('standby', ['ue-1', 'authority', 2, 3]), '*'),
    ).toEqual({
      users: { expected: 1, seen: 1 },
      writes: { expected: 100, seen: 3 },
      fewer: 1,
    });
    expect(arrived(nobody, state('authority', ['ue-1', 'authority', 2, 100]), '*')).toBeNull();
    expect(arrived({ ...receipt(2), users: 0 }, state('standby'), '*')).toBeNull();
  });

  it('is there when each user has at least his epoch and his writes', () => {
    const target = state('standby', ['ue-1', 'authority', 2, 3], ['ue-2', 'authority', 2, 9]);
    expect(arrived(receipt(2, ['ue-1', 3], ['ue-2', 7]), target, '*')).toBeNull();
  });

  it('is there whoever else the target serves, and whether or not it serves everybody else', () => {
    const users = [['ue-1', 'authority', 4, 3] as const, ['ue-9', 'authority', 1, 50] as const];
    for (const role of ['authority', 'standby', 'relay'] as const)
      expect(
        arrived(
          receipt(4, ['ue-1', 3]),
          state(role, ...users.map((user) => [...user] as [string, Role, number, number])),
          '*',
        ),
      ).toBeNull();
  });

  it('is not there by the writes of others', () => {
    const target = state('standby', ['ue-1', 'authority', 2, 0], ['ue-9', 'authority', 1, 50]);
    const missing = arrived(receipt(2, ['ue-1', 3]), target, '*');
    expect(missing).toEqual({ users: { expected: 1, seen: 1 }, writes: { expected: 3, seen: 0 }, fewer: 1 });
    expect(missing && shortfallTold(missing)).toBe(
      'the target has 0 writes of these users, the receipt says 3; it is the authority of 1, the receipt says 1',
    );
  });

  it('is not there by more writes of another of them', () => {
    const target = state('standby', ['ue-1', 'authority', 2, 9], ['ue-2', 'authority', 2, 1]);
    expect(arrived(receipt(2, ['ue-1', 5], ['ue-2', 5]), target, '*')).toEqual({
      users: { expected: 2, seen: 2 },
      writes: { expected: 10, seen: 6 },
      fewer: 1,
    });
  });

  it.each([
    ['of an older epoch', ['ue-1', 'authority', 1, 3] as const],
    ['still prepared', ['ue-1', 'standby', 1, 3] as const],
    ['a relay of the epoch itself', ['ue-1', 'relay', 2, 3] as const],
  ])('is not there when a user is %s', (_, [user, role, epoch, count]) => {
    expect(arrived(receipt(2, ['ue-1', 3]), state('standby', [user, role, epoch, count]), '*')).toMatchObject({
      users: { expected: 1, seen: 0 },
    });
  });

  it('had arrived who has gone on since', () => {
    expect(arrived(receipt(2, ['ue-1', 3]), state('standby', ['ue-1', 'relay', 3, 0]), 'ue-1')).toBeNull();
  });

  it('asks for `*` itself where it was given', () => {
    expect(arrived(receipt(2, ['*', 0]), state('authority'), '*')).toBeNull();
    expect(arrived(receipt(2, ['*', 0]), state('standby'), '*')).toMatchObject({ users: { expected: 1, seen: 0 } });
  });

  it('takes a user without writes, whom the target does not list, for one of all', () => {
    expect(arrived(receipt(2, ['*', 0], ['ue-1', 0]), state('authority'), '*')).toBeNull();
    expect(arrived(receipt(2, ['*', 0], ['ue-1', 2]), state('authority'), '*')).toMatchObject({ fewer: 1 });
  });

  it('is compared by sums where an older application does not say whose writes they are', () => {
    const sums: Receipt = { ...receipt(2), users: 2, count: 5, of: null };
    expect(arrived(sums, state('authority', ['ue-1', 'authority', 2, 5]), '*')).toBeNull();
    expect(arrived(sums, state('authority', ['ue-1', 'authority', 2, 4]), '*')).toMatchObject({
      writes: { expected: 5, seen: 4 },
    });
    expect(arrived(sums, state('standby', ['ue-1', 'authority', 1, 5]), 'ue-1')).toMatchObject({
      users: { expected: 1, seen: 0 },
    });
  });

  it('has nothing to compare where an application without the contract hands nothing over', () => {
    const nothing = { ...receipt(0), epoch: null, of: null, freezeMs: null };
    expect(arrived(nothing, state('authority'), '*')).toBeNull();
  });
});

describe('an instance serves', () => {
  it('everybody of `*` when it is the authority of anybody, however he was brought there', () => {
    expect(serves(state('standby', ['ue-1', 'authority', 2, 1]), '*')).toBe(true);
    expect(serves(state('authority'), '*')).toBe(true);
    expect(serves(state('relay', ['ue-1', 'relay', 2, 1]), '*')).toBe(false);
  });

  it('one user by what it is to him, or to whoever it does not list', () => {
    expect(serves(state('authority', ['ue-1', 'relay', 2, 1]), 'ue-1')).toBe(false);
    expect(serves(state('authority'), 'ue-1')).toBe(true);
  });
});
