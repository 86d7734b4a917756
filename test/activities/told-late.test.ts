import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Due } from '../../activities/federation/ports.ts';
import { due, told } from '../../catalogue/notices.ts';
import { subscribe } from '../../catalogue/subscriptions.ts';
import { change, register, withdraw } from '../../catalogue/systems.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';

/**
 * What a subscriber of MEC 040 has heard in the end, in whichever order two workers tell it: one that was thought dead, and the
 * one that does its work meanwhile.
 */
let own: CatalogueOfTest;
beforeAll(async () => {
  own = await catalogueOfTest();
});
afterAll(async () => await own?.drop());

const everything = { agreements: [] };
const system = { name: 'one', provider: 'P', operator: 'operator-a', local: 'two', meo: 'meo', client: 'meo-two' };

interface Heard {
  readonly subscription: string;
  readonly system: string;
  readonly name: string;
}

/** A subscriber, two who tell it, and what happens meanwhile. */
class Told {
  readonly heard: Heard[] = [];
  /** What a subscriber had heard when the system changed, by the system. */
  readonly #changed = new Map<string, number>();
  /** Subscriptions that have ended: nothing that is looked up later is told to them. */
  readonly ended = new Set<string>();
  afterItsEnd = 0;
  #system = '';
  #subscription = '';
  readonly #inHand = new Map<string, readonly Due[]>();

  async begins(): Promise<void> {
    for (const table of ['system', 'subscription'] as const) await own.catalogue.deleteFrom(table).execute();
    await this.subscribes();
    await this.registers();
  }

  async subscribes(): Promise<void> {
    const asked = { client: 'meo-one', callback: 'http://127.0.0.1:9/told', root: '', systems: null };
    this.#subscription = (await subscribe(own.catalogue, { ...asked, validSeconds: 600 }))?.id ?? '';
  }

  async registers(): Promise<void> {
    const made = await register(own.catalogue, system);
    if (typeof made === 'string') throw new Error(made);
    this.#system = made.id;
    this.#changed.set(made.id, this.heard.length);
  }

  async does(what: string): Promise<void> {
    const id = this.#system;
    const [who = '', act] = what.split(' ');
    switch (act ?? who) {
      case 'looks': {
        const found = await due(own.catalogue);
        this.afterItsEnd += found.filter(({ subscription }) => this.ended.has(subscription)).length;
        this.#inHand.set(who, found);
        return;
      }
      case 'is-heard':
        for (const { subscription, notices } of this.#inHand.get(who) ?? [])
          this.heard.push(...notices.map((notice) => ({ ...notice, subscription })));
        return;
      case 'notes-it':
        for (const each of this.#inHand.get(who) ?? []) await told(own.catalogue, each);
        return;
      case 'looks-and-is-heard':
        await this.does(`${who} looks`);
        return await this.does(`${who} is-heard`);
      case 'is-heard-and-notes-it':
        await this.does(`${who} is-heard`);
        return await this.does(`${who} notes-it`);
      case 'tells':
        await this.does(`${who} looks`);
        return await this.does(`${who} is-heard-and-notes-it`);
      case 'renamed':
        await change(own.catalogue, everything, { id, client: system.client, name: 'two' });
        this.#changed.set(id, this.heard.length);
        return;
      case 'withdrawn':
        await withdraw(own.catalogue, everything, { id, client: system.client });
        this.#changed.set(id, this.heard.length);
        return;
      case 'registered':
        return await this.registers();
      case 'expired':
        this.ended.add(this.#subscription);
        await sql`update subscription set valid_until = now()`.execute(own.catalogue);
        return;
      case 'subscribed':
        return await this.subscribes();
      default:
        throw new Error(`nobody knows how to do ${what}`);
    }
  }

  /** The next rounds: then nothing is left to be told. */
  async ends(): Promise<void> {
    for (let rounds = 2; rounds > 0 && (await due(own.catalogue)).length > 0; rounds -= 1) await this.does('B tells');
  }

  /** Undefined: its subscriber is. */
  async notTold(isNamed: boolean): Promise<string | undefined> {
    if (this.afterItsEnd > 0) return 'told after its end';
    if (this.ended.has(this.#subscription)) return undefined;
    if ((await due(own.catalogue)).length > 0) return 'there is no end of it';
    for (const { id, name } of await own.catalogue.selectFrom('system').select(['id', 'name']).execute()) {
      const last = this.heard.findLast((one) => one.system === id && one.subscription === this.#subscription);
      if (isNamed && last !== undefined && last.name !== name) return `last of ${last.name}, which is ${name}`;
    }
    // Whoever looks when it is told has looked since
    const isSince = ([id, before]: [string, number]) => this.heard.slice(before).some((one) => one.system === id);
    return this.ended.size > 0 || [...this.#changed].every(isSince) ? undefined : 'nothing since it changed';
  }
}

function* ordersOf(all: readonly (readonly string[])[]): Generator<readonly string[]> {
  if (all.every((one) => one.length === 0)) yield [];
  for (const [at, [first, ...rest]] of all.entries())
    if (first !== undefined) for (const order of ordersOf(all.with(at, rest))) yield [first, ...order];
}

const A = ['A looks', 'A is-heard', 'A notes-it'];
const B = ['B looks-and-is-heard', 'B notes-it'];
const late = ['A looks', 'A is-heard-and-notes-it'];

describe('whoever tells it late, twice or in another order, a subscriber knows in the end what is', () => {
  it.each([
    { what: 'a system is renamed', orders: [A, B, ['renamed']], count: 60 },
    { what: 'a member leaves and comes back', orders: [A, ['B tells'], ['withdrawn', 'registered']], count: 60 },
    { what: 'its subscription ends', orders: [late, ['B tells'], ['expired', 'renamed']], count: 30 },
    { what: 'it subscribes anew', orders: [late, ['B tells'], ['expired', 'subscribed', 'renamed']], count: 60 },
    // What a dead one still had on its way may be of an older name: then it has been told since, and can look
    { what: 'who told it is killed', orders: [A.slice(0, 2), B, ['renamed']], count: 30, isNamed: false },
  ])('while $what', async ({ orders, count, isNamed = true }) => {
    const all = [...ordersOf(orders)];
    expect(all).toHaveLength(count);
    const wrong: string[] = [];
    for (const order of all) {
      const run = new Told();
      await run.begins();
      for (const what of order) await run.does(what);
      await run.ends();
      const why = await run.notTold(isNamed);
      if (why !== undefined) wrong.push(`${order.join(', ')}: ${why}`);
    }
    expect(wrong).toEqual([]);
  });
});
