import { type ApplicationState, type Receipt, serves, type Settled, type UserState } from '../domain/application.ts';
import type { Answered } from './instance.ts';
import type { Ask, Expected } from './moves.ts';

/** What the scenario knows by now, against which answers are judged. */
export interface Known {
  /** His epoch at S when it began. */
  readonly start: number;
  readonly takeover: number;
  readonly receipt: Receipt | null;
}

const accepted = ({ status }: Answered): boolean => status !== null && status < 300;

export const standingOf = (state: ApplicationState, user: string): UserState =>
  state.users.find((one) => one.user === user) ?? { user, role: state.role, epoch: state.epoch, count: 0 };

/** Is the answer what it has to be? */
// oxlint-disable-next-line typescript/consistent-return -- every kind returns: the switch is checked to be exhaustive
export function fits(expected: Expected, answer: Answered, user: string, known: Known): boolean {
  if (expected.is === 'refused') return answer.type !== null && expected.as.includes(answer.type);
  if (expected.is === 'any') return answer.status !== null;
  if (!accepted(answer)) return false;
  if (expected.is === 'done') return true;
  switch (expected.is) {
    case 'settled': {
      const { settlement, serves: now } = answer.body as Partial<Settled>;
      return (
        settlement === expected.as && (expected.serves === undefined || (now ?? expected.serves) === expected.serves)
      );
    }
    case 'staying':
    case 'going':
      return (answer.body as { retires: boolean }).retires === (expected.is === 'going');
    case 'copied': {
      const { users, copied } = answer.body as { users: number; copied: number };
      return copied >= users && users > 0;
    }
    case 'receipt':
      return isReceipt(answer.body as Receipt, user, known.start + (expected.skips ?? 0));
    case 'sameReceipt':
      return known.receipt !== null && isSame(answer.body as Receipt, known.receipt);
    case 'startedAgain': {
      const { role, epoch } = standingOf(answer.body as ApplicationState, user);
      return role !== 'authority' || epoch === known.receipt?.epoch;
    }
    case 'standing':
      return stands(answer.body as ApplicationState, user, expected, known);
  }
}

/** It gives this user, with a higher number than any that was proposed. */
const isReceipt = ({ epoch, of }: Receipt, user: string, proposed: number): boolean =>
  epoch !== null && epoch > proposed && (of === null || of.some((each) => each.user === user));

const isSame = (one: Receipt, other: Receipt): boolean =>
  one.epoch === other.epoch && one.count === other.count && one.users === other.users;

function stands(
  state: ApplicationState,
  user: string,
  expected: Extract<Expected, { is: 'standing' }>,
  { receipt, takeover }: Known,
): boolean {
  const { role, epoch, count } = standingOf(state, user);
  const wanted = expected.epoch === 'takeover' ? takeover : expected.epoch === 'receipt' ? receipt?.epoch : epoch;
  return (
    serves(state, user) === expected.serves &&
    (expected.role === undefined || role === expected.role) &&
    (expected.count === undefined || count === expected.count) &&
    epoch === wanted
  );
}

/** An answer in a few words, for a table. */
export function told(call: Ask['call'], answer: Answered, user: string): string {
  const { status, type, body } = answer;
  if (status === null) return answer.told;
  if (status >= 300) return [status, type ?? 'without a type of the contract'].join(' ');
  const says = body as Readonly<Record<string, string | number | boolean | undefined>> | null;
  if (says === null || call === 'introduce') return String(status);
  if (call === 'state') {
    const { role, epoch, count } = standingOf(body as ApplicationState, user);
    return `${role}, epoch ${epoch}, count ${count}`;
  }
  const members = { promise: ['copied', 'users'], handOver: ['epoch', 'count'], settle: ['settlement', 'serves'] };
  const named = { ...members, retire: ['retires', 'why'], supersede: ['users', 'count'] }[call];
  return `${status} ${named.flatMap((name) => (says[name] === undefined ? [] : [`${name} ${String(says[name])}`])).join(', ')}`;
}

/** A call in a few words: u is the user, and a relocation has the scenario's name for it. */
// oxlint-disable-next-line typescript/consistent-return -- every kind returns: the switch is checked to be exhaustive
export function said({ call, other, relocation, late, spared }: Ask): string {
  const by = ` (${relocation})`;
  switch (call) {
    case 'state':
      return 'state of u';
    case 'promise':
      return `promise u${other === null ? '' : ` to ${other}`}${by}`;
    case 'introduce':
      return `copy, empty: ${other} is the source of u${late ? ', of an old epoch' : ''}${by}`;
    case 'handOver':
      return `handOver to ${other}${by}`;
    case 'settle':
      return `settle u${by}`;
    case 'retire':
      return `retire${by}`;
    case 'supersede':
      return `supersede u: ${other ?? 'itself'} takes over${spared ? ', who serves is spared' : ''}${by}`;
  }
}
