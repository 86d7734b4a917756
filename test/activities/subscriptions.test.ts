import { beforeEach, describe, expect, it } from 'vitest';
import { failure } from '../../activities/failure.ts';
import type { Owner, Subscriptions } from '../../activities/ports.ts';
import {
  type Carriage,
  copySubscriptions,
  removeEach,
  dropVanished,
  releaseSubscriptions,
} from '../../activities/relocation/subscriptions.ts';
import { type HeldSubscription, turned } from '../../domain/subscription.ts';

const from: Owner = { instance: 'i1', endpoint: { host: '10.2.1.7', port: 7000 } };
const to: Owner = { instance: 'i9', endpoint: { host: '10.3.1.7', port: 7000 } };
const never = new AbortController().signal;
const forgetful = { signal: never, keep: () => undefined };
const device = '10.0.0.1';

/** Subscriptions of one owner at one platform, in memory; tells every call. */
class Shelf implements Subscriptions {
  readonly calls: string[] = [];
  held: HeldSubscription[] = [];
  /** Throws in place of, or after, a creation. */
  creating: (n: number) => void = () => undefined;
  foundInstead = false;
  readonly #of: string;
  #serial = 0;

  constructor(of: string) {
    this.#of = of;
  }

  add(filter: object = {}, callback = 'http://10.2.1.7:7000/x'): HeldSubscription {
    const id = `/${this.#of}/${(this.#serial += 1)}`;
    const each = { service: 'rni', type: 'T', filter: { n: this.#serial, ...filter }, body: {}, named: true };
    const made = { ...each, id, callback, expiry: null };
    this.held.push(made);
    return made;
  }

  list: Subscriptions['list'] = async () => {
    this.calls.push('list');
    const notCarried = [{ service: this.#of, type: 'Odd', why: 'it is odd' }];
    return { held: [...this.held], notCarried, listed: () => true, lists: {} };
  };

  lacking: Subscriptions['lacking'] = async () => [];
  missing: Subscriptions['missing'] = async () => [];

  /** What is made cannot be read back, and stays. */
  unreadable = false;

  create: Subscriptions['create'] = async (owner, subscription, source, _, left) => {
    this.calls.push('create');
    this.creating(this.#serial + 1);
    const move = { from: source.endpoint.host, to: owner.endpoint.host };
    const id = `/${this.#of}/${(this.#serial += 1)}`;
    const held = { ...subscription, id, callback: turned(subscription.callback, move) };
    this.held.push(held);
    if (this.unreadable) {
      left?.(id);
      throw failure('SubscriptionRefused', 'it cannot be read back');
    }
    return { held, made: !this.foundInstead };
  };

  remove: Subscriptions['remove'] = async (id) => {
    this.calls.push(`remove ${id}`);
    this.held = this.held.filter((each) => each.id !== id);
  };
}

let source: Shelf;
let target: Shelf;
let carriage: Carriage;

beforeEach(() => {
  source = new Shelf('source');
  target = new Shelf('target');
  carriage = {
    source: { name: 'a1', subscriptions: source },
    target: { name: 'a2', subscriptions: target },
    from,
    to,
    device: null,
    before: {},
  };
});
const ids = ({ held }: Shelf): string[] => held.map(({ id }) => id);
const about = (...values: string[]) => ({ associateId: values.map((value) => ({ type: 1, value })) });

describe('subscriptions that are copied', () => {
  it('are listed once at either side, however many there are', async () => {
    for (let n = 0; n < 50; n += 1) source.add();
    const copied = await copySubscriptions(carriage, never);
    expect(copied.wanted).toHaveLength(50);
    expect(copied.made).toEqual(ids(target));
    expect(source.calls).toEqual(['list']);
    expect(target.calls.filter((call) => call === 'list')).toEqual(['list']);
    expect(copied.notCarried).toEqual([{ service: 'source', type: 'Odd', why: 'it is odd' }]);
  });

  it('are not copied twice, and what is there already is not called made', async () => {
    source.add();
    source.add({}, 'http://events.example/x');
    const first = await copySubscriptions(carriage, never);
    expect(first.made).toHaveLength(2);
    expect(await copySubscriptions(carriage, never)).toMatchObject({ wanted: first.wanted, made: [] });
    target.held = [];
    target.foundInstead = true;
    expect(await copySubscriptions(carriage, never)).toMatchObject({ made: [] });
  });

  it('are told also where they could not be read back, and are left there', async () => {
    source.add();
    target.unreadable = true;
    const told: string[] = [];
    const journal = { begins: () => undefined, made: (id: string) => void told.push(id) };
    await expect(copySubscriptions(carriage, never, journal)).rejects.toThrow('it cannot be read back');
    expect(told).toEqual(ids(target));
  });

  it('are told one by one as they are made, so that nothing is left behind when one of them is refused', async () => {
    const own = target.add();
    for (let n = 0; n < 9; n += 1) source.add({ more: n });
    target.creating = (n) => {
      if (n === 8) throw failure('SubscriptionRefused', 'no');
    };
    const made: string[] = [];
    const copied = copySubscriptions(carriage, never, {
      begins: () => undefined,
      made: (id) => void made.push(id),
    });
    await expect(copied).rejects.toMatchObject({ type: 'SubscriptionRefused' });
    expect(ids(target).toSorted()).toEqual([own.id, ...made].toSorted());
    await removeEach(carriage.target.subscriptions, made, never);
    expect(ids(target)).toEqual([own.id]);
    const asked = target.calls.length;
    await new Promise((settled) => setImmediate(settled));
    expect(target.calls).toHaveLength(asked);
  });

  it('are of one device only what names it, as a whole value', async () => {
    const { id } = source.add(about(device));
    const both = source.add(about('10.0.0.2', device)).id;
    source.add(about('10.0.0.11'));
    source.add();
    const { wanted } = await copySubscriptions({ ...carriage, device }, never);
    expect(wanted.map((each) => each.id)).toEqual([id, both]);
  });
});

describe('copies of what vanished', () => {
  it('are deleted where this relocation made them; what the target made itself stays', async () => {
    const changed = source.add();
    source.add();
    const { made } = await copySubscriptions(carriage, never);
    const own = target.add({ own: true });
    source.held = source.held.map((each) => (each === changed ? { ...each, filter: { other: 1 } } : each));
    const again = await copySubscriptions(carriage, never);
    await dropVanished(carriage, again, made, never);
    expect(ids(target)).toEqual([made[1], own.id, ...again.made]);
  });

  it('are deleted where there are two of one', async () => {
    source.add();
    const { made } = await copySubscriptions(carriage, never);
    target.held.push({ ...(target.held[0] as HeldSubscription), id: '/target/late' });
    const again = await copySubscriptions(carriage, never);
    await dropVanished(carriage, again, [...made, '/target/late'], never);
    expect(target.held).toHaveLength(1);
  });
});

it('the undo deletes what was made, and nothing else', async () => {
  const own = target.add();
  source.add();
  const { made } = await copySubscriptions(carriage, never);
  const late = target.add();
  await removeEach(target, made, never);
  expect(ids(target)).toEqual([own.id, late.id]);
});

describe('where one of them cannot be deleted', () => {
  const locked = (at: Shelf, ...stuck: readonly (string | undefined)[]): void => {
    const { remove } = at;
    at.remove = async (id, signal) => {
      if (stuck.includes(id)) throw failure('PeerRejected', `${id} is locked`);
      await remove(id, signal);
    };
  };
  beforeEach(() => {
    for (let n = 0; n < 30; n += 1) source.add();
  });

  it('the undo deletes all the others, and says so', async () => {
    const { made } = await copySubscriptions(carriage, never);
    locked(target, made[0], made[17]);
    await expect(removeEach(target, made, never)).rejects.toThrow('is locked');
    expect(ids(target)).toEqual([made[0], made[17]]);
  });

  it('all the others are gone at the source, and it is told', async () => {
    const copied = await copySubscriptions(carriage, never);
    locked(source, ids(source)[3]);
    await expect(releaseSubscriptions(carriage, copied, forgetful)).rejects.toThrow('is locked');
    expect(ids(source)).toHaveLength(1);
  });

  it('since nobody is there, it is not asked for all of them', async () => {
    const { made } = await copySubscriptions(carriage, never);
    let asked = 0;
    target.remove = async () => {
      asked += 1;
      throw failure('PeerUnavailable', 'it is away');
    };
    await expect(removeEach(target, made, never)).rejects.toThrow('it is away');
    expect(asked).toBe(4);
  });

  it('what may pass is told first: then it is tried again', async () => {
    const { made } = await copySubscriptions(carriage, never);
    locked(target, made[0]);
    const { remove } = target;
    target.remove = async (id, signal) => {
      if (id === made[29]) throw failure('PeerUnavailable', 'it is busy');
      await remove(id, signal);
    };
    await expect(removeEach(target, made, never)).rejects.toMatchObject({ type: 'PeerUnavailable' });
    expect(target.held).toHaveLength(2);
  });
});

describe('subscriptions that are released', () => {
  it('are gone at the source, those that were made meanwhile are not', async () => {
    source.add();
    const copied = await copySubscriptions(carriage, never);
    const late = source.add();
    await expect(releaseSubscriptions(carriage, copied, forgetful)).rejects.toThrow(
      'a1: 1 subscriptions were made meanwhile',
    );
    expect(ids(source)).toEqual([late.id]);
  });

  it('of one device stay where they tell of others too', async () => {
    source.add(about(device));
    const both = source.add(about('10.0.0.2', device));
    const others = source.add(about('10.0.0.2'));
    const single = { ...carriage, device };
    await releaseSubscriptions(single, await copySubscriptions(single, never), forgetful);
    expect(ids(source)).toEqual([both.id, others.id]);
  });
});
