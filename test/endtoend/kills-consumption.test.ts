import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceBinding } from '../../api/service-bindings.ts';
import { joined } from '../support/joined.ts';
import { Consumed, type Kill, type Victim, victims } from '../support/killing-consumption.ts';
import { claimNetwork, type ClaimedNetwork } from '../support/network.ts';
import { Pair } from '../support/pair.ts';

/**
 * A service of B is bound for a platform of A (GR MEC 035, 6.5.3), an application subscribes, and it is released: somebody is
 * killed at each effect that this has on anybody. Of each effect one victim, as a rule whoever asked for it and does not know;
 * each victim at several effects. What costs most to be started again, at two.
 */
let network: ClaimedNetwork;
let pair: Pair;
let consumed: Consumed;
beforeAll(async () => {
  network = await claimNetwork();
  // Nothing is given up because this machine starts somebody slowly
  pair = await Pair.set(network.net, { ownServers: true, tapped: true, pace: { stepMs: 90_000, insistMs: 180_000 } });
  consumed = new Consumed(pair);
  await joined(pair);
}, 600_000);
afterEach(async () => await consumed.cleared());
afterAll(async () => {
  await pair?.strike();
  await network?.release();
});

const at = (effect: string, victim: Victim, before?: true): Kill => ({ effect, victim, ...(before && { before }) });

const bound: readonly Kill[] = [
  at('operator-a: update binding state + insert binding', 'worker of A'),
  at('operator-a: update binding told', 'PostgreSQL'),
  at('meo-cellular PUT /mfm/v1/decisions/{id}', 'worker of A'),
  at('operator-b PUT /mff/v1/{id}/bindings/{id}', 'all of B'),
  at('operator-b: insert binding + insert ledger announced', 'API of B'),
  at('operator-b: update binding told', 'worker of B'),
  at('meo-metro PUT /mfm/v1/decisions/{id}', 'worker of B'),
  at('operator-b: update binding state + insert ledger opened', 'Temporal'),
  at('operator-a: insert ledger announced', 'worker of A', true),
  at('operator-a: update binding state + insert ledger opened', 'gateway of B'),
  at('platform-a2 POST /mec_service_mgmt/v1/applications/ferry-gateway/services', 'worker of A'),
  at('operator-a: update binding exposed_as', 'API of A'),
];
const subscribed: readonly Kill[] = [
  at('operator-a: insert callback', 'gateway of A'),
  at('operator-b: insert callback', 'gateway of B', true),
  at('operator-b: insert callback_asked', 'gateway of B'),
  at('platform-b1 POST /rni/v2/subscriptions', 'gateway of B'),
  at('platform-b1 POST /rni/v2/subscriptions', 'gateway of A'),
  at(
    'operator-b: update callback made + update callback_asked unanswered + delete callback_asked',
    'gateway of B',
    true,
  ),
];
const released: readonly Kill[] = [
  at('operator-a: update binding state + insert ledger closed', 'worker of A'),
  at('platform-a2 DELETE /mec_service_mgmt/v1/applications/ferry-gateway/services/{id}', 'worker of A'),
  at('operator-a: update binding exposed_as', 'API of A'),
  at('operator-b DELETE /mff/v1/{id}/bindings/{id}', 'all of B'),
  at('operator-b: update binding state + insert ledger closed', 'API of B'),
  at('operator-a: update binding owed', 'worker of A'),
  at('platform-b1 DELETE /rni/v2/subscriptions/{id}', 'worker of B'),
  at('operator-b: update callback made', 'worker of B'),
  at('meo-cellular DELETE /mfm/v1/decisions/{id}', 'Temporal'),
  at('operator-a: update binding told', 'worker of A', true),
  at('meo-metro DELETE /mfm/v1/decisions/{id}', 'worker of B'),
  at('operator-b: update binding told', 'PostgreSQL'),
];
/** Asked again by what follows, at either: what is closed stays as it is. */
const AGAIN = ['operator-a: update binding state', 'operator-b: update binding state'];

const distinct = (effects: readonly string[]): string[] => [...new Set(effects)].toSorted();
const of = (kills: readonly Kill[]): string[] => distinct(kills.map(({ effect }) => effect));

describe('without a fault', () => {
  it('a consumption has these effects, and everybody is killed at some', async () => {
    let binding!: ServiceBinding;
    const seen = {
      bound: await consumed.effectsOf(async () => (binding = await consumed.bound())),
      subscribed: await consumed.effectsOf(async () => await consumed.subscribed(binding)),
      released: await consumed.effectsOf(async () => await consumed.released(binding)),
    };
    expect(distinct(seen.bound)).toEqual(of(bound));
    expect(distinct(seen.subscribed)).toEqual(of(subscribed));
    expect(distinct(seen.released).filter((effect) => !AGAIN.includes(effect))).toEqual(of(released));
    const killed = new Set([...bound, ...subscribed, ...released].map(({ victim }) => victim));
    expect([...killed].toSorted()).toEqual(victims.toSorted());
  });
});

describe('a consumption is whole, and then wholly gone, whoever is killed', () => {
  const told = ({ effect, victim, before }: Kill): string => `${victim} ${before ? 'before' : 'at'} ${effect}`;
  /** Of each phase an early effect and a late one: who has come back from the one is there for the other. */
  const ROUNDS = 6;
  const rounds = Array.from({ length: ROUNDS }, (_, nth) => {
    const ofPhase = (kills: readonly Kill[]) => kills.filter((_kill, position) => position % ROUNDS === nth);
    const kills = [ofPhase(bound), ofPhase(subscribed), ofPhase(released)] as const;
    return [kills.flat().map(told).join('; '), kills] as const;
  });
  it.each(rounds)('%s', async (_, [whenBound, whenSubscribed, whenReleased]) => {
    const binding = await consumed.bound(whenBound);
    expect(binding).toMatchObject({ state: 'open', leftovers: [] });
    const { name } = binding;
    expect(await consumed.standing()).toEqual({
      ofA: [`${name} open`],
      ofB: [`${name} open`],
      decisionsOfA: [name],
      decisionsOfB: [name],
      exposed: [name],
      subscriptions: 0,
    });
    // An application that heard no answer has asked again
    expect(await consumed.subscribed(binding, whenSubscribed)).toBeLessThanOrEqual(2);
    await consumed.released(binding, whenReleased);
    const [ofA, ofB] = await consumed.ledgers();
    expect(ofA).toEqual(ofB);
  });
});

it('and afterwards each is the other’s partner as before, its ledger follows, and no run is left', async () => {
  await joined(pair);
  expect(await consumed.broken()).toEqual([null, null]);
  await consumed.nothingRuns();
});
