import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { announcing } from '../../../activities/federation/announce-decision.ts';
import { opened } from '../../../catalogue/bindings.ts';
import { bindingNamed } from '../../../catalogue/bound.ts';
import { federationsSeen } from '../../../catalogue/federations.ts';
import { attemptOf } from '../../support/attempt.ts';
import { TwoSides } from '../../support/two-sides.ts';

let sides: TwoSides;
let binding: string;
const name = `f${'a'.repeat(25)}`;

beforeAll(async () => {
  sides = await TwoSides.set();
});
afterAll(async () => await sides?.strike());
beforeEach(async () => {
  const end = await sides.begin();
  ({ id: binding } = await sides.reserved(name));
  return end;
});

/** Line by line, in their order; of which kinds they are. */
async function ledgers(): Promise<string[]> {
  const { here, there } = await sides.ledgers();
  expect(here).toEqual(there);
  return here.map((line) => line.split(' ')[0] ?? '');
}

describe('the ledgers of both sides are alike where who announced gives up', () => {
  it('and it never arrived', async () => {
    await sides.withdraws(binding);
    expect(await ledgers()).toEqual([]);
    await expect(sides.announcedUnheard()).resolves.toBeUndefined(); // late: it is 410
    expect(await ledgers()).toEqual([]);
  });

  it('though it had arrived, and no answer came back', async () => {
    await sides.announcedUnheard();
    await sides.withdraws(binding);
    expect(await ledgers()).toEqual(['announced', 'closed']);
    await sides.withdraws(binding);
    expect(await ledgers()).toEqual(['announced', 'closed']);
  });

  it('though it was even open there by then', async () => {
    await sides.announcedUnheard();
    expect(await sides.openedThere()).toBe(true);
    await sides.withdraws(binding);
    expect(await ledgers()).toEqual(['announced', 'opened', 'closed']);
  });

  it('and an attempt that was thought dead hears only that it is over', async () => {
    await sides.announcedUnheard();
    expect(await sides.openedThere()).toBe(true);
    await sides.means.partner('a')?.withdraw(sides.context, name, AbortSignal.timeout(5_000));
    const late = attemptOf().run(announcing(sides.means).announceDecision, { binding });
    await expect(late).rejects.toMatchObject({ type: 'DecisionRefused' });
    await sides.withdraws(binding);
    expect(await ledgers()).toEqual(['announced', 'opened', 'closed']);
  });

  it('however long the partner is away: it stays owed, and the tending ends it', async () => {
    await sides.announcedUnheard();
    expect(await sides.openedThere()).toBe(true);
    sides.partnerIsAway = true;
    await expect(sides.withdraws(binding)).rejects.toMatchObject({ type: 'PeerUnavailable' });
    await sql`update binding set closed_at = now() - interval '3 days'`.execute(sides.here.catalogue);
    expect(await sides.round()).toContain('a');
    sides.partnerIsAway = false;
    expect(await sides.round()).toBeNull();
    expect(await ledgers()).toEqual(['announced', 'opened', 'closed']);
    await sides.round();
    expect(await sides.here.catalogue.selectFrom('binding').selectAll().execute()).toEqual([]);
  });
});

describe('an agreement that ends in the middle', () => {
  const steps = {
    'it is announced': async () => await sides.announcedUnheard(),
    'it is open there': async () => void (await sides.openedThere()),
    'it is given up': async () => await sides.withdraws(binding).catch(() => undefined),
    'they end the agreement': async () => await sides.endsThere(),
    'we hear that': async () => await sides.endsHere(),
  };
  type Step = keyof typeof steps;

  const orders = (left: readonly Step[]): Step[][] =>
    left.length === 0
      ? [[]]
      : left.flatMap((first) => orders(left.filter((step) => step !== first)).map((rest) => [first, ...rest]));
  const all = orders(Object.keys(steps) as Step[]);
  const possible = all.filter(
    (order) =>
      order.indexOf('it is announced') < order.indexOf('it is open there') &&
      order.indexOf('they end the agreement') < order.indexOf('we hear that'),
  );

  it('leaves both ledgers alike in every order, once both have joined again', async () => {
    expect(possible).toHaveLength(30);
    for (const [nth, order] of possible.entries()) {
      const letters = `${nth}`.padStart(2, '0').replaceAll(/\d/g, (digit) => 'abcdefghij'[Number(digit)] ?? '');
      ({ id: binding } = await sides.reserved(`g${letters.padEnd(25, 'z')}`));
      for (const step of order) await steps[step]();
      await sides.joins();
      await sides.round();
      const { here, there } = await sides.ledgers();
      expect(`${order.join(', ')}: ${here.join('\n')}`).toBe(`${order.join(', ')}: ${there.join('\n')}`);
      expect(await sides.means.bindings.left('a')).toEqual([]);
    }
  });

  const told = async (): Promise<string | null | undefined> =>
    (await federationsSeen(sides.here.catalogue, sides.federation)).get('a')?.uses.problem;

  it('is told with what nobody knows of it, until there is another one', async () => {
    await sides.announcedUnheard();
    await sides.endsThere();
    await sides.withdraws(binding);
    await sides.endsHere();
    expect(await told()).toBe(
      `a has ended it, or lost it; how far it had come with what we had announced it has not said: until it is joined again its ledger may have lines that ours has not (${name})`,
    );
    await sql`update binding set closed_at = now() - interval '3 days'`.execute(sides.here.catalogue);
    await sides.means.bindings.sweep();
    await sides.joins();
    expect(await sides.round()).toBeNull();
    expect(await told()).toBeNull();
    expect(await ledgers()).toEqual(['announced', 'closed']);
  });

  it('by our own leaving is asked before how far the partner had come', async () => {
    await sides.announcedUnheard();
    expect(await sides.openedThere()).toBe(true);
    await sides.leaves();
    expect(await told()).toBe('our operator left');
    expect(await ledgers()).toEqual(['announced', 'opened', 'closed']);
  });

  it('says nothing of what was heard to be open: whoever serves ends it with its agreement', async () => {
    expect(await sides.means.bindings.opened(binding, null)).toBe(true);
    await sides.endsHere();
    expect(await told()).toBe('a has ended it, or lost it');
    expect(await sides.means.bindings.left('a')).toEqual([]);
  });
});

it('what was chosen and told to nobody is owed by nobody', async () => {
  await sides.means.bindings.closeRun(name, 'its run is over');
  await sides.round();
  const agreement = sides.servedUnder;
  expect(await bindingNamed(sides.there.catalogue, { side: 'producer', agreement, name })).toBeUndefined();
});

it('a partner that does not say how far it had come is believed that it is over', async () => {
  expect(await opened(sides.here.catalogue, binding, null)).toBe(true);
  await sides.means.bindings.close(binding, 'test');
  await sides.means.bindings.withdrawn(binding, null);
  expect(await sides.means.bindings.left('a')).toEqual([]);
  expect((await sides.ledgers()).here).toEqual([]);
});
