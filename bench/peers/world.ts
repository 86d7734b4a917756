import { instanceAt, domainOf, SIDES, type Side, siteOf, type Standing } from './plan.ts';

export interface Rule {
  readonly id: string;
  readonly kind: 'dns' | 'traffic';
  wire: Readonly<Record<string, unknown>>;
  version: number;
}

export interface Subscription {
  readonly id: string;
  readonly owner: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Instance {
  readonly id: string;
  readonly name: string;
  readonly application: number;
  state: 'NOT_INSTANTIATED' | 'INSTANTIATED';
  side: Side | null;
  pair: number;
  address: string;
  role: 'authority' | 'standby' | 'relay';
  epoch: number;
  promisedTo: string | null;
  introduced: string | null;
  retiring: boolean;
  readonly settled: Map<string, 'handedOver' | 'kept'>;
  rules: Rule[];
}

export interface Operation {
  readonly id: string;
  readonly kind: 'INSTANTIATE' | 'TERMINATE';
  readonly instance: string;
  readonly endsAt: number;
  looks: number;
  open: boolean;
  readonly fails: boolean;
  readonly carryOut: () => void;
}

/** Of each application the writes that it has accepted: they move with it. */
export const WRITES = 7;
const ADDRESSES = 65_000;

/** Applications in the middle of their lives, on pairs of hosts. */
export class World {
  readonly pairs: number;
  readonly instances = new Map<string, Instance>();
  readonly operations = new Map<string, Operation>();
  readonly subscriptions = new Map<string, Map<string, Subscription>>();
  readonly #ofApplication = new Map<number, Set<Instance>>();
  readonly #byAddress = new Map<string, Instance>();
  #n = 0;

  constructor(pairs: number) {
    this.pairs = pairs;
  }

  /** Whatever this application had is gone; one instance of it serves on the left. */
  found(application: number, subscriptions: number, pair = application % this.pairs): void {
    for (const instance of this.of(application)) this.remove(instance);
    const instance = this.create(application, `founded-${this.next()}`);
    this.place(instance, 'left', pair);
    Object.assign(instance, { role: 'authority', epoch: 1 });
    for (const rule of instance.rules) rule.wire = { ...rule.wire, state: rule.kind === 'dns' ? 'ACTIVE' : 'INACTIVE' };
    for (let n = 0; n < subscriptions; n += 1) this.subscribe('left', pair, bodyOf(instance.id, instance.address, n));
  }

  /** So many subscriptions of applications that nobody moves, at both hosts. */
  strangers(pair: number, many: number): void {
    for (const side of SIDES) {
      const all = this.subscribed(side, pair);
      for (const [id, { owner }] of all) if (owner.startsWith(STRANGER)) all.delete(id);
      for (let n = 0; n < many; n += 1) this.subscribe(side, pair, bodyOf(`${STRANGER}${n}`, STRANGERS_AT, n));
    }
  }

  next(): number {
    return (this.#n += 1);
  }

  of(application: number): readonly Instance[] {
    return [...(this.#ofApplication.get(application) ?? [])];
  }

  at(address: string): Instance | undefined {
    return this.#byAddress.get(address);
  }

  create(application: number, name: string): Instance {
    const instance: Instance = {
      id: `i${this.next()}`,
      name,
      application,
      state: 'NOT_INSTANTIATED',
      side: null,
      pair: 0,
      address: '',
      role: 'standby',
      epoch: 0,
      promisedTo: null,
      introduced: null,
      retiring: false,
      settled: new Map(),
      rules: [],
    };
    this.instances.set(instance.id, instance);
    const all = this.#ofApplication.get(application) ?? new Set();
    this.#ofApplication.set(application, all.add(instance));
    return instance;
  }

  place(instance: Instance, side: Side, pair: number): void {
    const address = this.#freeAddress(side, pair);
    Object.assign(instance, {
      state: 'INSTANTIATED',
      side,
      pair,
      address,
      rules: rulesOf(instance.application, address),
    });
    this.#byAddress.set(address, instance);
  }

  terminate(instance: Instance): void {
    this.#byAddress.delete(instance.address);
    Object.assign(instance, { state: 'NOT_INSTANTIATED', side: null, address: '', rules: [] });
  }

  remove(instance: Instance): void {
    this.terminate(instance);
    this.instances.delete(instance.id);
    this.#ofApplication.get(instance.application)?.delete(instance);
    for (const side of SIDES)
      for (const [id, { owner }] of this.subscribed(side, instance.pair))
        if (owner === instance.id) this.subscribed(side, instance.pair).delete(id);
  }

  standing(): Standing {
    const serving: Record<string, number> = {};
    let lost = 0;
    for (const all of this.#ofApplication.values()) {
      const serve = [...all].filter(({ role, side }) => role === 'authority' && side !== null);
      if (serve.length !== 1) lost += 1;
      for (const { side, pair } of serve) {
        const site = siteOf(side ?? 'left', pair);
        serving[site] = (serving[site] ?? 0) + 1;
      }
    }
    return { serving, lost, instances: this.instances.size };
  }

  subscribed(side: Side, pair: number): Map<string, Subscription> {
    const key = `${side}-${pair}`;
    const all = this.subscriptions.get(key) ?? new Map<string, Subscription>();
    this.subscriptions.set(key, all);
    return all;
  }

  subscribe(side: Side, pair: number, body: Readonly<Record<string, unknown>>): Subscription {
    const filter = body['filterCriteriaAssocHo'] as { appInstanceId?: string } | undefined;
    const subscription = { id: `s${this.next()}`, owner: filter?.appInstanceId ?? '', body };
    this.subscribed(side, pair).set(subscription.id, subscription);
    return subscription;
  }

  #freeAddress(side: Side, pair: number): string {
    for (;;) {
      const address = instanceAt(side, pair, 1 + (this.next() % ADDRESSES));
      if (!this.#byAddress.has(address)) return address;
    }
  }
}

const [STRANGER, STRANGERS_AT] = ['stranger-', '127.59.0.1'];

/** The n-th that an instance has. */
const bodyOf = (appInstanceId: string, address: string, n: number): Record<string, unknown> => ({
  subscriptionType: 'CellChangeSubscription',
  callbackReference: `http://${address}:7000/notifications/${n}`,
  filterCriteriaAssocHo: {
    appInstanceId,
    ecgi: [{ plmn: { mcc: '001', mnc: '01' }, cellId: n.toString(16).padStart(7, '0') }],
    hoStatus: [3],
  },
});

/** As the descriptor has them: nobody is led yet. */
const rulesOf = (application: number, address: string): Rule[] => [
  {
    id: 'name',
    kind: 'dns',
    version: 1,
    wire: {
      dnsRuleId: 'name',
      domainName: domainOf(application),
      ipAddressType: 'IP_V4',
      ipAddress: address,
      ttl: 0,
      state: 'INACTIVE',
    },
  },
  {
    id: 'all',
    kind: 'traffic',
    version: 1,
    wire: {
      trafficRuleId: 'all',
      filterType: 'FLOW',
      priority: 1,
      trafficFilter: [{ dstAddress: [] }],
      action: 'FORWARD_DECAPSULATED',
      dstInterface: { interfaceType: 'IP', dstIpAddress: address },
      state: 'INACTIVE',
    },
  },
];
