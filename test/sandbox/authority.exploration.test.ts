import { describe, expect, it } from 'vitest';
import { step } from '../../sandbox/application/authority.ts';
import type { Effect, Event } from '../../sandbox/application/messages.ts';
import { type Rules, rules } from '../../sandbox/application/rules.ts';
import { newState } from '../../sandbox/application/state.ts';
import { Exploration, type Outcome, type Scenario } from './authority.explorer.ts';
import { type Message, relocation, retirement } from './authority.messages.ts';

const MOST = 400_000;
const withoutUndo = (asked: readonly Message[]): Message[] =>
  asked.filter((message) => !('event' in message) || message.event.kind !== 'settle');

const handOverOnly = (asked: readonly Message[]): Message[] =>
  asked.filter((message) => 'event' in message && message.event.kind === 'handOver');
const promised = (asked: readonly Message[]): Message[] =>
  asked.filter((message) => 'event' in message && message.event.kind !== 'handOver' && message.event.kind !== 'settle');

const pair = { instances: ['S', 'T'], users: ['u'] } as const;
const both = { numbers: [1], entrances: ['S', 'T'] } as const;

/** Two attempts at the same hand-over, and an undo at any time: settled at the source, then at the target, which goes. */
const attempts = (users: string): Scenario => ({ ...pair, ...both, asked: relocation('S', 'T', users), freezes: 2 });

/** Two writes, which may arrive in either order, early or late. */
const order: Scenario = {
  ...pair,
  numbers: [1, 2],
  entrances: ['S'],
  asked: relocation('S', 'T', 'u'),
  freezes: 2,
};

const lateRelays: Scenario = { ...pair, ...both, asked: relocation('S', 'T', '*'), freezes: 1, lateRelays: true };

const thereAndBack = (users: string): Scenario => ({
  ...pair,
  numbers: [1],
  entrances: ['T'],
  asked: withoutUndo([...relocation('S', 'T', users), ...relocation('T', 'S', users)]),
  freezes: 1,
});

/** One relocation is undone, late, while another moves the same user to the same target. */
const again: Scenario = {
  ...pair,
  numbers: [1],
  entrances: ['S'],
  asked: [...relocation('S', 'T', 'u', 'shared'), ...withoutUndo(relocation('S', 'T', 'u'))],
  freezes: 2,
};

/** The target may forget everything until it is the authority, and copies of before arrive afterwards. */
const forgetful: Scenario = {
  ...pair,
  numbers: [1, 2],
  entrances: ['S'],
  asked: [...withoutUndo(relocation('S', 'T', 'u')), { to: 'T', restart: true }],
  freezes: 1,
};

const elsewhere: Scenario = {
  instances: ['S', 'T', 'B'],
  users: ['u'],
  numbers: [1],
  entrances: ['S'],
  asked: [...relocation('S', 'T', 'u'), ...withoutUndo(relocation('S', 'B', 'u'))],
  freezes: 1,
};

const oneThenAll: Scenario = {
  instances: ['S', 'T', 'B'],
  users: ['u'],
  numbers: [1],
  entrances: ['S', 'B'],
  asked: withoutUndo([...relocation('S', 'T', 'u'), ...relocation('S', 'B', '*')]),
  freezes: 2,
};

/** All whom T serves go to an instance that serves everybody else: `*`, though T is not the authority of `*`. */
const broughtOneByOne: Scenario = {
  ...pair,
  ...both,
  before: withoutUndo(relocation('S', 'T', 'u')),
  asked: relocation('T', 'S', '*'),
  freezes: 2,
};

/** S has given everybody away and may go; meanwhile they are on their way back to it. */
const backToTheOneThatGoes: Scenario = {
  ...pair,
  farewells: 2,
  numbers: [1],
  entrances: ['T'],
  before: withoutUndo(relocation('S', 'T', '*')),
  asked: [...withoutUndo(relocation('T', 'S', '*')), retirement('S')],
  freezes: 1,
};

/** One relocation is undone, and the target that it made is to go; another one relies on it by now. */
const undoneUnderAnother: Scenario = {
  ...pair,
  numbers: [1],
  entrances: ['S'],
  asked: [...relocation('S', 'T', 'u'), ...withoutUndo(relocation('S', 'T', 'u', 'shared'))],
  freezes: 1,
};

/** S gave everybody away and is asked to go, while T may not have heard of the decision. */
const unheard: Scenario = {
  ...pair,
  numbers: [1],
  entrances: ['S'],
  asked: [...withoutUndo(relocation('S', 'T', '*')), retirement('S')],
  freezes: 1,
};

/** T may forget that it is prepared, and is asked to go. */
const forgetsAndGoes: Scenario = {
  ...pair,
  numbers: [1],
  entrances: ['S'],
  asked: [...withoutUndo(relocation('S', 'T', 'u')), { to: 'T', restart: true }, retirement('T')],
  freezes: 1,
};

const trio = { instances: ['S', 'T', 'B'], users: ['u'], numbers: [1], freezes: 1 } as const;

/** One user at a time, from an instance that stays: who comes to S is relayed to T, which goes. */
const onwards: Scenario = {
  ...trio,
  entrances: ['S'],
  before: withoutUndo(relocation('S', 'T', 'u')),
  asked: [...withoutUndo(relocation('T', 'B', 'u')), retirement('T')],
};

/** B got everybody else from S, and was told that u is at T; T gives him back to S, and goes. */
const pointedToByAThird: Scenario = {
  ...trio,
  numbers: [],
  entrances: ['B'],
  before: [
    ...withoutUndo([...relocation('S', 'T', 'u'), ...relocation('S', 'B', '*')]),
    ...promised(relocation('T', 'S', 'u')),
  ],
  asked: [...handOverOnly(relocation('T', 'S', 'u')), retirement('T')],
};

/** S has learned that u is at B, which got him from T; B gives him back to T, and goes. */
const learnedFromAnAnswer: Scenario = {
  ...trio,
  entrances: ['S'],
  before: withoutUndo([...relocation('S', 'T', 'u'), ...relocation('T', 'B', 'u')]),
  asked: [...withoutUndo(relocation('B', 'T', 'u')), retirement('B')],
  learns: true,
};

function explored(scenario: Scenario, changed: Partial<Rules> = {}): Outcome {
  const started = performance.now();
  const outcome = new Exploration(scenario, { ...rules, ...changed }).run(MOST);
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  process.stdout.write(`${expect.getState().currentTestName}: ${outcome.states} states, ${seconds} s\n`);
  if (outcome.violation !== null && process.env['TELL'])
    process.stdout.write(`${outcome.violation.what}\n  ${outcome.violation.after.join('\n  ')}\n`);
  return outcome;
}

const expectSafe = (scenario: Scenario): void => {
  const { violation, states } = explored(scenario);
  expect(violation).toBeNull();
  expect(states).toBeGreaterThan(1_000);
};

describe('in every interleaving, no two instances accept writes, and no acknowledged write is lost or accepted twice', () => {
  it('of two attempts and an undo, for one user', () => {
    expectSafe(attempts('u'));
  });
  it('of two attempts and an undo, for everybody', () => {
    expectSafe(attempts('*'));
  });
  it('of two attempts and an undo with writes out of order', () => {
    expectSafe(order);
  });
  it('of a relocation in which relayed requests arrive late and doubled', () => {
    expectSafe(lateRelays);
  });
  it('of a move and the move back, for one user', () => {
    expectSafe(thereAndBack('u'));
  });
  it('of a move and the move back, for everybody', () => {
    expectSafe(thereAndBack('*'));
  });
  it('of a move whose undo comes late, and another to the same target', () => {
    expectSafe(again);
  });
  it('of a move to a target that is started again before it is the authority', () => {
    expectSafe(forgetful);
  });
  it('of a move that is undone and a move to another target', () => {
    expectSafe(elsewhere);
  });
  it('of the move of all users of an instance that got them one by one', () => {
    expectSafe(broughtOneByOne);
  });
  it('of the move of one user, and of everybody to another instance', () => {
    expectSafe(oneThenAll);
  });
});

describe('an instance that is asked to go leaves nobody without a way, in every interleaving', () => {
  it('with a move on its way to it', () => {
    expectSafe(backToTheOneThatGoes);
  });
  it('with an undo of the relocation that made it, while another one relies on it', () => {
    expectSafe(undoneUnderAnother);
  });
  it('with a target that has not heard of the decision', () => {
    expectSafe(unheard);
  });
  it('that was started again', () => {
    expectSafe(forgetsAndGoes);
  });
  it('with a user who came from an instance that stays, and went on', () => {
    expectSafe(onwards);
  });
  it('with a third instance that was told where its user is', () => {
    expectSafe(pointedToByAThird);
  });
  it('with a third instance that learned it from an answer', () => {
    expectSafe(learnedFromAnAnswer);
  });
});

/** S has given everybody to T, takes leave, and stays for a relocation that does not come; then it hears T's answer to the first farewell. */
function takesLeaveTwice(changed: Rules): Effect[] {
  const state = newState('S');
  const happens = (event: Event): Effect[] => step(state, event, changed);
  happens({ kind: 'found', id: 0, users: {} });
  happens({ kind: 'promise', id: 0, relocation: 'r', users: '*', target: 'T' });
  happens({ kind: 'handOver', id: 0, relocation: 'r', target: 'T', at: 0 });
  happens({ kind: 'prepared', relocation: 'r', number: 2, answer: 'yes', at: 0 });
  happens({ kind: 'committed', relocation: 'r', number: 2 });
  expect(happens({ kind: 'retire', id: 1, relocation: 'r' })).toMatchObject([{ kind: 'farewell' }, { kind: 'tell' }]);
  happens({ kind: 'copy', id: 0, relocation: 'back', users: '*', source: 'T', chunk: [] });
  happens({ kind: 'settle', id: 0, relocation: 'back', users: '*', retired: false });
  expect(happens({ kind: 'retire', id: 2, relocation: 'r' })).toMatchObject([{ kind: 'farewell' }, { kind: 'tell' }]);
  return happens({ kind: 'heard', number: 1, peer: 'T', peers: [] });
}

describe('goes wrong without', () => {
  const broken = (scenario: Scenario, changed: Partial<Rules>): string | undefined =>
    explored(scenario, changed).violation?.what;

  it('the source alone deciding', () => {
    expect(broken(attempts('u'), { prepareDecides: true })).toMatch(/both accept writes/);
  });
  it('a number of its own for each freeze', () => {
    expect(broken(order, { freezeNumber: (epoch) => epoch + 1 })).toMatch(/twice|lost/);
  });
  it('the tombstone', () => {
    const bury: Rules['bury'] = (known) => known ?? { phase: 'kept' };
    expect(broken(attempts('u'), { bury })).toMatch(/lost with its authority|has gone/);
  });
  it('the refusal of copies by an authority', () => {
    expect(broken(again, { refusesCopies: () => false })).toMatch(/lost|both/);
  });
  it('the relaying of whoever is not the authority', () => {
    expect(broken(attempts('u'), { serves: ({ role }) => role !== 'relay' })).toMatch(/both accept writes/);
  });
  it('the epoch check', () => {
    expect(broken(thereAndBack('u'), { outdated: () => false, fenced: () => false })).toMatch(/lost|both/);
  });
  it('the comparison of what the target holds with what the source has', () => {
    expect(broken(forgetful, { complete: () => true })).toMatch(/lost|twice/);
    expect(broken(forgetful, { complete: (held, total) => held.entries === total.entries })).toMatch(/lost|twice/);
  });
  it('intervals: the highest number alone', () => {
    const accepted: Rules['accepted'] = (known, number) => number <= (known.at(-1)?.[1] ?? 0);
    expect(broken(order, { accepted })).toMatch(/lost/);
  });
  it('staying for a target that has not heard', () => {
    expect(broken(unheard, { holds: () => false })).toMatch(/gone|lost/);
  });
  it('staying for a relocation that is on its way', () => {
    expect(broken(undoneUnderAnother, { expects: () => false })).toMatch(/gone|lost/);
    expect(broken(backToTheOneThatGoes, { expects: () => false })).toMatch(/gone|lost/);
  });
  it('the refusal of users by an instance that goes', () => {
    expect(broken(backToTheOneThatGoes, { takes: () => true })).toMatch(/gone|lost/);
    expect(broken(forgetsAndGoes, { takes: () => true })).toMatch(/gone|lost/);
  });
  it('telling where the users are before going', () => {
    expect(broken(onwards, { tells: () => [] })).toMatch(/S relays u to T, which has gone/);
  });
  it('counting only what was heard in this farewell', () => {
    expect(takesLeaveTwice(rules)).toEqual([]);
    expect(takesLeaveTwice({ ...rules, heardNow: () => true })).toMatchObject([{ body: { retires: true } }, {}]);
  });
  it('telling those as well whom the others know', () => {
    expect(broken(pointedToByAThird, { asksFurther: false })).toMatch(/B relays u to T, which has gone/);
    expect(broken(learnedFromAnAnswer, { asksFurther: false })).toMatch(/S relays u to B, which has gone/);
  });
});
