import type { ServerResponse } from 'node:http';
import { faultyServer, type FaultyServer, type Heard, type Reply } from './faulty-server.ts';

type State = 'STARTING' | 'PROCESSING' | 'COMPLETED' | 'FAILED' | 'FAILED_TEMP';
type Ending = 'COMPLETED' | 'FAILED' | 'FAILED_TEMP' | 'never';
type Kind = 'INSTANTIATE' | 'OPERATE' | 'TERMINATE';

interface PlayedInstance {
  readonly id: string;
  readonly name: string;
  readonly appDId: string;
  state: 'NOT_INSTANTIATED' | 'STARTED' | 'STOPPED';
  host: string | null;
}

interface Operation {
  readonly id: string;
  readonly kind: Kind;
  readonly instance: string;
  readonly apply: () => void;
  ending: Ending;
  state: State;
  /** Seconds. */
  begun: number;
}

const BEGIN = 1_764_000_000;
const link = (path: string) => ({ href: `http://meo.inside${path}` });

/** Life cycle management of MEC 010-2 V3.1.1. Every look at an operation is one step of it, so that nothing depends on time. */
export class PlayedMeo {
  readonly instances: PlayedInstance[] = [];
  readonly operations: Operation[] = [];
  /** How the next operations end; then they complete. */
  readonly endings: Ending[] = [];
  /** Where the MEO puts an instance; null: it tells no endpoint. */
  place: (host: string) => string | null = () => '10.2.1.7';
  /** A peer may ignore filters, leave out links that were asked for, send parts, have no calls of V3, do nothing. */
  filters = true;
  links = true;
  page = 100;
  version3 = true;
  effect = true;
  /** It numbers what it has, and tells numbers. */
  numbers = false;
  /** What else it lists: of others, or of itself, that no schema would let pass. */
  readonly oddInstances: unknown[] = [];
  readonly oddOperations: unknown[] = [];
  /** The endpoints of an instance, where they are not one address with port 7000. */
  addresses: readonly object[] | null | undefined = undefined;
  /** The longest of its lists, in bytes. */
  longest = 0;
  /** Answers in its place. */
  instead: (heard: Heard) => Reply | undefined = () => undefined;
  /** Answers itself, with whatever is no answer; false: it does not. */
  answer: (heard: Heard, res: ServerResponse) => boolean = () => false;
  /** Operations end before anybody looks at them. */
  quick = false;
  server!: FaultyServer;
  #n = 0;

  static async open(options: { timeoutMs?: number } = {}): Promise<PlayedMeo> {
    const meo = new PlayedMeo();
    meo.server = await faultyServer(
      (heard, res) => (meo.answer(heard, res) ? undefined : (meo.instead(heard) ?? meo.#serve(heard))),
      options,
    );
    return meo;
  }

  /** As another one is by now. What it still does there, it does to its own instances: nothing may be going on. */
  become(other: PlayedMeo): void {
    if (other.operations.some(isOpen)) throw new Error('an operation goes on there');
    this.instances.splice(0, Infinity, ...structuredClone(other.instances));
    this.operations.splice(0, Infinity, ...other.operations.map((each) => ({ ...each })));
    this.#n = other.#n;
  }

  add(name: string, state: PlayedInstance['state'] = 'NOT_INSTANTIATED', appDId = 'counter-1'): PlayedInstance {
    this.#n += 1;
    const instance = { id: this.#id('i'), name, appDId, state, host: state === 'NOT_INSTANTIATED' ? null : 'a1' };
    this.instances.push(instance);
    return instance;
  }

  begin(instance: PlayedInstance, kind: Kind, apply: () => void = () => {}): Operation {
    this.#n += 1;
    const ending = this.endings.shift() ?? 'COMPLETED';
    const of = { kind, instance: instance.id, apply, ending };
    const operation: Operation = { id: this.#id('o'), ...of, state: 'STARTING', begun: BEGIN + this.#n };
    this.operations.push(operation);
    return operation;
  }

  #id(letter: string): string {
    return this.numbers ? String(this.#n) : `${letter}${this.#n}`;
  }

  #told(id: string): string | number {
    return this.numbers ? Number(id) : id;
  }

  infoOf({ id, name, appDId, state, host }: PlayedInstance): object {
    const address = host === null ? null : this.place(host);
    return {
      id: this.#told(id),
      appInstanceName: name,
      appDId,
      appProvider: 'example',
      appName: 'counter',
      appSoftVersion: '1.0',
      appDVersion: '1.0',
      appPkgId: 'p1',
      instantiationState: state === 'NOT_INSTANTIATED' ? state : 'INSTANTIATED',
      ...(state !== 'NOT_INSTANTIATED' && { instantiatedAppState: { operationalState: state } }),
      ...(address !== null && {
        communicationInterface: { ipAddresses: this.addresses ?? [{ host: address, port: 7000 }] },
      }),
      _links: { self: link(`/app_lcm/v1/app_instances/${id}`) },
    };
  }

  occurrenceOf({ id, kind, instance, state, begun }: Operation, links = true): object {
    const self = link(`/app_lcm/v1/app_lcm_op_occs/${id}`);
    return {
      id: this.#told(id),
      operationState: state,
      stateEnteredTime: { seconds: begun + 1, nanoSeconds: 0 },
      startTime: { seconds: begun, nanoSeconds: 0 },
      lcmOperation: kind,
      ...(this.numbers && { appInstanceId: this.#told(instance) }),
      ...(links && !this.numbers && { _links: { self, appInstance: link(`/app_lcm/v1/app_instances/${instance}`) } }),
    };
  }

  #serve({ method, path, query, json }: Heard): Reply {
    const [, collection, id, call] =
      /^\/app_lcm\/v1\/(app_instances|app_lcm_op_occs)(?:\/([^/]+))?(?:\/(\w+))?$/.exec(path) ?? [];
    if (collection === 'app_instances') {
      if (id === undefined) return method === 'POST' ? this.#create(json) : this.#list(query);
      const instance = this.instances.find((each) => each.id === id);
      if (instance === undefined) return { status: 404, json: { detail: 'no such instance' } };
      if (call !== undefined) return this.#begin(instance, call, json);
      return method === 'DELETE' ? this.#delete(instance) : { status: 200, json: this.infoOf(instance) };
    }
    if (collection !== 'app_lcm_op_occs') return { status: 404 };
    if (id === undefined)
      return this.#part(
        [...this.oddOperations, ...this.operations.map((each) => this.occurrenceOf(each, this.links))],
        query,
        path,
      );
    const operation = this.operations.find((each) => each.id === id);
    if (operation === undefined) return { status: 404, json: { detail: 'no such operation' } };
    if (call !== undefined) return this.#settle(operation, call);
    this.#step(operation);
    return { status: 200, json: this.occurrenceOf(operation) };
  }

  #create(json: Record<string, unknown>): Reply {
    const instance = this.add(String(json['appInstanceName']), 'NOT_INSTANTIATED', String(json['appDId']));
    const headers = { location: `/app_lcm/v1/app_instances/${instance.id}` };
    return { status: 201, json: this.infoOf(instance), headers };
  }

  #list(query: URLSearchParams): Reply {
    const entries = [...this.oddInstances, ...this.instances.map((each) => this.infoOf(each))];
    return this.#part(entries, query, '/app_lcm/v1/app_instances');
  }

  #part(all: readonly unknown[], query: URLSearchParams, path: string): Reply {
    const [, operator, attribute = '', values = ''] = /^\((eq|nin),(\w+),(.*)\)$/.exec(query.get('filter') ?? '') ?? [];
    const entries = all.filter((entry) => {
      if (!this.filters || operator === undefined) return true;
      const isOne = values.split(',').includes(String((entry as Record<string, unknown> | null)?.[attribute]));
      return operator === 'eq' ? isOne : !isOne;
    });
    const from = Number(query.get('nextpage_opaque_marker') ?? 0);
    const rest = new URLSearchParams(query);
    rest.set('nextpage_opaque_marker', String(from + this.page));
    const more = from + this.page < entries.length;
    const headers: Record<string, string> = more ? { link: `<${path}?${rest.toString()}>; rel="next"` } : {};
    const text = JSON.stringify(entries.slice(from, from + this.page));
    this.longest = Math.max(this.longest, text.length);
    return { status: 200, text, headers };
  }

  #begin(instance: PlayedInstance, call: string, json: Record<string, unknown>): Reply {
    const open = this.operations.some((each) => each.instance === instance.id && isOpen(each));
    const fits = call === 'instantiate' ? instance.state === 'NOT_INSTANTIATED' : instance.state !== 'NOT_INSTANTIATED';
    if (open || !fits) return { status: 409, json: { detail: `not while it is ${instance.state}` } };
    const hosts = json['selectedMECHostInfo'] as { hostName: string }[] | undefined;
    const to = { instantiate: 'STARTED', operate: json['changeStateTo'], terminate: 'NOT_INSTANTIATED' }[call];
    const operation = this.begin(instance, call.toUpperCase() as Kind, () => {
      if (!this.effect) return;
      instance.state = to as PlayedInstance['state'];
      instance.host = to === 'NOT_INSTANTIATED' ? null : (hosts?.[0]?.hostName ?? instance.host);
    });
    for (let steps = 0; this.quick && steps < 2; steps += 1) this.#step(operation);
    return { status: 202, headers: { location: `${this.server.url}/app_lcm/v1/app_lcm_op_occs/${operation.id}` } };
  }

  #step(operation: Operation): void {
    if (operation.state === 'STARTING') operation.state = 'PROCESSING';
    else if (operation.state === 'PROCESSING' && operation.ending !== 'never') {
      operation.state = operation.ending;
      if (operation.state === 'COMPLETED') operation.apply();
    }
  }

  #settle(operation: Operation, call: string): Reply {
    if (!this.version3) return { status: 404 };
    if (call === 'cancel') {
      if (operation.state !== 'PROCESSING') return { status: 409, json: { detail: 'not PROCESSING' } };
      operation.state = 'FAILED_TEMP';
      return { status: 202 };
    }
    if (operation.state !== 'FAILED_TEMP') return { status: 409, json: { detail: 'not FAILED_TEMP' } };
    operation.state = call === 'retry' ? 'PROCESSING' : 'FAILED';
    if (call === 'retry') operation.ending = this.endings.shift() ?? 'COMPLETED';
    return call === 'retry' ? { status: 202 } : { status: 200, json: this.occurrenceOf(operation) };
  }

  #delete(instance: PlayedInstance): Reply {
    if (instance.state !== 'NOT_INSTANTIATED') return { status: 409, json: { detail: 'still instantiated' } };
    this.instances.splice(this.instances.indexOf(instance), 1);
    return { status: 204 };
  }
}

const isOpen = ({ state }: Operation): boolean => state !== 'COMPLETED' && state !== 'FAILED';
