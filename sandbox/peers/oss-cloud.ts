import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';

/** How the OSS fulfils an item of an order at the cloud (GR MEC 035, 6.6.2 steps 2 and 3). */

const LOOK_EVERY_MS = 50;
const PATIENCE_MS = 30_000;

export const Item = z.looseObject({
  id: z.string().default('1'),
  action: z.enum(['add', 'modify', 'delete', 'noChange']),
  service: z.looseObject({
    id: z.string().optional(),
    state: z.string().optional(),
    serviceSpecification: z.looseObject({ id: z.string(), version: z.string() }).optional(),
    /** The file types a value as an object; plain strings are common. */
    serviceCharacteristic: z
      .array(z.looseObject({ name: z.string(), value: z.union([z.string(), z.looseObject({ value: z.string() })]) }))
      .default([]),
  }),
});
export type Item = z.infer<typeof Item>;

/** An item that comes to no good end; the message becomes a note of the order. */
export class Unfulfilled extends Error {
  readonly state: 'REJECTED' | 'FAILED';

  constructor(state: 'REJECTED' | 'FAILED', message: string) {
    super(message);
    this.state = state;
  }
}

const Package = z.object({
  id: z.string(),
  appSoftVersion: z.string(),
  checksum: z.object({ hash: z.string() }),
  state: z.string(),
});
const Instance = z.object({
  name: z.string(),
  state: z.enum(['starting', 'running', 'stopping', 'stopped', 'failed']),
  endpoint: z.object({ host: z.string(), port: z.number() }),
  detail: z.string().nullish(),
});
type Instance = z.infer<typeof Instance>;

/** The work on one order. When `withdrawn` is aborted, nothing more is asked of the cloud. */
export class CloudWork {
  readonly #url: string;
  readonly #withdrawn: AbortSignal;

  constructor(url: string, withdrawn: AbortSignal) {
    this.#url = `${url}/cloud/v1`;
    this.#withdrawn = withdrawn;
  }

  /** Does it, waits until the cloud shows it, and answers the item as completed. `key` names what is made. */
  async fulfil(item: Item, key: string): Promise<Item> {
    const { action, service } = item;
    const name = encodeURIComponent(service.id ?? key);
    if (action === 'add') return completed(item, await this.#add(item, name));
    if (action === 'modify') return completed(item, await this.#modify(item, name));
    if (action === 'delete') {
      await this.#ask('DELETE', `/instances/${name}`, undefined, [404]);
      await this.#until(name, (instance) => instance === undefined);
      return { ...item, service: { ...service, state: 'terminated' } };
    }
    await this.#ask('GET', '/packages'); // nothing to change: does the cloud answer at all?
    return item;
  }

  async #add({ service }: Item, name: string): Promise<Instance> {
    const packageId = await this.#packageOf(service);
    const put = await this.#ask('PUT', `/instances/${name}`, { packageId, parameters: {} });
    const { state } = Instance.parse(put.body);
    if (state === 'stopped' || state === 'failed') await this.#ask('POST', `/instances/${name}/start`);
    return await this.#running(name);
  }

  async #modify({ service }: Item, name: string): Promise<Instance> {
    if (service.state === 'active') {
      await this.#ask('POST', `/instances/${name}/start`);
      return await this.#running(name);
    }
    if (service.state !== 'inactive')
      throw new Unfulfilled('REJECTED', `a service can be made active or inactive, not ${service.state}`);
    await this.#ask('POST', `/instances/${name}/stop`, {});
    const stopped = await this.#until(name, (instance) => instance === undefined || instance.state === 'stopped');
    if (stopped === undefined) throw new Unfulfilled('FAILED', `instance ${name} is gone`);
    return stopped;
  }

  async #packageOf({ serviceSpecification, serviceCharacteristic }: Item['service']): Promise<string> {
    if (serviceSpecification === undefined)
      throw new Unfulfilled('REJECTED', 'which application? no serviceSpecification');
    const { id, version } = serviceSpecification;
    const value = serviceCharacteristic.find(({ name }) => name === 'packageChecksum')?.value;
    const checksum = (typeof value === 'object' ? value.value : value)?.toLowerCase().replace(/^sha-256:/, '');
    const { body } = await this.#ask('GET', `/packages?appDId=${encodeURIComponent(id)}`);
    const kept = z
      .array(Package)
      .parse(body)
      .find((one) => one.state === 'ready' && one.appSoftVersion === version && matches(one.checksum.hash, checksum));
    if (kept === undefined) throw new Unfulfilled('REJECTED', 'package missing');
    return kept.id;
  }

  async #running(name: string): Promise<Instance> {
    const instance = await this.#until(name, (seen) => seen?.state === 'running' || seen?.state === 'failed');
    if (instance?.state !== 'running')
      throw new Unfulfilled('FAILED', `instance ${name} failed: ${instance?.detail ?? 'the cloud does not say why'}`);
    return instance;
  }

  /** Undefined: it is not there. */
  async #until(name: string, wanted: (seen: Instance | undefined) => boolean): Promise<Instance | undefined> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const { status, body } = await this.#ask('GET', `/instances/${name}`, undefined, [404]);
      const seen = status === 404 ? undefined : Instance.parse(body);
      if (wanted(seen)) return seen;
      if (Date.now() > deadline) throw new Unfulfilled('FAILED', `instance ${name} stays ${seen?.state ?? 'away'}`);
      await pause(LOOK_EVERY_MS);
    }
  }

  async #ask(method: string, path: string, json?: unknown, also: readonly number[] = []) {
    this.#withdrawn.throwIfAborted();
    const answer = await fetch(this.#url + path, {
      method,
      signal: AbortSignal.timeout(4_000),
      ...(json !== undefined && { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } }),
    }).catch((error: Error) => {
      throw new Unfulfilled('FAILED', `the cloud does not answer: ${error.message}`);
    });
    const text = await answer.text();
    if (!answer.ok && !also.includes(answer.status))
      throw new Unfulfilled(answer.status < 500 ? 'REJECTED' : 'FAILED', saidBy(answer.status, text));
    return { status: answer.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  }
}

function completed(item: Item, { name, state, endpoint }: Instance): Item {
  const others = item.service.serviceCharacteristic.filter((one) => one.name !== 'endpoint');
  const value = { value: `${endpoint.host}:${endpoint.port}` };
  return {
    ...item,
    service: {
      ...item.service,
      id: name,
      state: state === 'running' ? 'active' : 'inactive',
      serviceCharacteristic: [...others, { name: 'endpoint', valueType: 'string', value }],
    },
  };
}

const matches = (hash: string, checksum: string | undefined): boolean =>
  checksum === undefined || hash.toLowerCase() === checksum;

function saidBy(status: number, text: string): string {
  try {
    return (JSON.parse(text) as { detail?: string }).detail ?? `the cloud answered ${status}`;
  } catch {
    return `the cloud answered ${status}`;
  }
}
