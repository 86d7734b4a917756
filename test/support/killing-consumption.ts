import { Client, Connection } from '@temporalio/client';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import type { ServiceBinding } from '../../api/service-bindings.ts';
import { brokenAt } from '../../catalogue/ledger.ts';
import type { Tables } from '../../catalogue/tables.ts';
import { comes } from './joined.ts';
import { type Operator, type Pair, urlOf } from './pair.ts';
import { anonymous, type Logged } from './stage.ts';

/** A consumption between two operators: where it can be hit, who can be killed, and what then has to be. */

export const victims = [
  'worker of A',
  'API of A',
  'gateway of A',
  'API of B',
  'worker of B',
  'gateway of B',
  'all of B',
  'Temporal',
  'PostgreSQL',
] as const;
export type Victim = (typeof victims)[number];

export interface Kill {
  readonly effect: string;
  readonly victim: Victim;
  /** Otherwise when it is executed, and before whoever asked for it knows. */
  readonly before?: true;
}

interface Seen {
  readonly peers: Readonly<
    Record<
      string,
      {
        readonly decisions?: Readonly<Record<string, unknown>>;
        readonly services?: readonly { readonly isLocal: boolean; readonly transportInfo?: { readonly id: string } }[];
        readonly radio?: readonly unknown[];
      }
    >
  >;
}

interface Armed {
  held(): Promise<boolean>;
  release(): Promise<void>;
}

/** What is written besides by programs that only look after things. */
const OF_TENDING = /^update binding requests$|^delete |^insert alias$/;
const OF_CONSUMPTION = /binding|callback|ledger (announced|opened|closed)/;
const STANDING = /^(federation:|subscribers)/;
const PEERS = /^(meo-cellular|meo-metro|platform-a2|platform-b1)$/;
const request = { system: 'cellular', platform: 'a2', what: { kind: 'service', name: 'RNIS' } };

export class Consumed {
  readonly #pair: Pair;

  constructor(pair: Pair) {
    this.#pair = pair;
  }

  /** What has an effect on anybody: what peers and the partner executed, and what was written. */
  async effectsOf(work: () => Promise<unknown>): Promise<string[]> {
    const { a, b, border } = this.#pair;
    const logged = (await this.#log(0)).at(-1)?.n ?? 0;
    const crossed = border.crossings.length;
    const written = [a, b].map(({ tap }) => tap?.writes.length ?? 0);
    await work();
    const ofPeers = (await this.#log(logged))
      .filter(({ effect, peer, path }) => effect && PEERS.test(peer) && /decisions|services|subscriptions/.test(path))
      .map(({ peer, method, path }) => `${peer} ${method} ${anonymous(path)}`);
    const ofPartner = border.crossings
      .slice(crossed)
      .filter(({ method, path }) => method !== 'GET' && path.includes('/bindings/'))
      .map(({ to, method, path }) => `${to} ${method} ${anonymous(path)}`);
    const writes = [a, b].flatMap(({ name, tap }, nth) =>
      (tap?.writes.slice(written[nth]) ?? [])
        .filter((write) => OF_CONSUMPTION.test(write) && !OF_TENDING.test(write))
        .map((write) => `${name}: ${write}`),
    );
    return [...ofPeers, ...ofPartner, ...writes];
  }

  async #log(since: number): Promise<Logged[]> {
    return (await this.#pair.sandbox(`/log?since=${since}`)) as Logged[];
  }

  async #arm({ effect, before }: Kill): Promise<Armed> {
    const when = before === true ? 'before' : 'executed';
    const [who = '', what = ''] = effect.split(/: (.*)/);
    const operator = [this.#pair.a, this.#pair.b].find(({ name }) => name === who);
    if (operator !== undefined) {
      const kept = operator.tap?.hold(what, when);
      return { held: async () => kept?.held === true, release: async () => kept?.release() };
    }
    const [peer = '', method = '', path = ''] = effect.split(' ');
    const order = {
      peer,
      operation: `${method} ${path.replaceAll('{id}', '*')}`,
      nth: 1,
      times: 1,
      kind: 'hold',
      when,
    } as const;
    if (peer.startsWith('operator-')) {
      const fault = this.#pair.border.fault(order);
      return { held: async () => fault.held > 0, release: async () => fault.release() };
    }
    const { id } = (await this.#pair.sandbox('/faults', 'POST', order)) as { id: string };
    return {
      held: async () =>
        ((await this.#pair.sandbox('/faults')) as { id: string; held: number }[]).some(
          (one) => one.id === id && one.held > 0,
        ),
      release: async () => void (await this.#pair.sandbox(`/faults/${id}/release`, 'POST')),
    };
  }

  /** Does something, in the midst of which one after the other dies, and comes back. `isHit`: all that has come. */
  async #during<T>(kills: readonly Kill[], work: (isHit: () => boolean) => Promise<T>): Promise<T> {
    const all = await Promise.all(kills.map(async (kill) => ({ ...kill, armed: await this.#arm(kill) })));
    let left = kills.length;
    const working = work(() => left === 0);
    working.catch(() => undefined); // told below
    for (const { effect, victim, armed } of all) {
      // What is executed may be all that was waited for, while whoever asked for it has no answer yet
      await comes(
        async () => ({ effect, held: await armed.held() }),
        ({ held }) => held,
      );
      left -= 1;
      await this.#kill(victim);
      await armed.release();
      await this.#startAgain(victim);
    }
    return await working;
  }

  async #kill(victim: Victim): Promise<void> {
    if (victim === 'Temporal') return await this.#pair.killTemporal();
    if (victim === 'PostgreSQL') return await this.#pair.killPostgres();
    await Promise.all(this.#parts(victim).map(async ([operator, part]) => await operator[part].kill()));
  }

  async #startAgain(victim: Victim): Promise<void> {
    if (victim === 'Temporal') return await this.#pair.startTemporalAgain();
    if (victim === 'PostgreSQL') return await this.#pair.startPostgresAgain();
    const start = { worker: 'startWorker', api: 'startApi', gateway: 'startGateway' } as const;
    await Promise.all(this.#parts(victim).map(async ([operator, part]) => await this.#pair[start[part]](operator)));
  }

  #parts(victim: Victim): readonly (readonly [Operator, 'worker' | 'api' | 'gateway'])[] {
    const { a, b } = this.#pair;
    const parts = { worker: 'worker', API: 'api', gateway: 'gateway' } as const;
    if (victim === 'all of B') return Object.values(parts).map((part) => [b, part] as const);
    const [part, , whose] = victim.split(' ') as [keyof typeof parts, string, 'A' | 'B'];
    return [[whose === 'A' ? a : b, parts[part]]];
  }

  async #ask(method: string, path: string, body?: object): Promise<{ status: number; body: ServiceBinding }> {
    const answer = await fetch(`${urlOf(this.#pair.a)}${path}`, {
      method,
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as ServiceBinding };
  }

  /** Open, however often it had to be asked for; what was given up left nothing. */
  async bound(kills: readonly Kill[] = []): Promise<ServiceBinding> {
    let binding = await this.#during(kills, async (isHit) => await this.#asked(isHit));
    for (let again = 0; binding.state === 'failed' && again < 2; again += 1) {
      await this.isGone();
      binding = await this.#asked();
    }
    return binding;
  }

  /**
   * Asked again as long as A has not heard that its partner is back; and where it was given up before the effect came at which
   * somebody is to die, as by a machine that is too slow for a question: else that would be waited for in vain.
   */
  async #asked(isHit = () => true): Promise<ServiceBinding> {
    return await comes(
      async () => await this.#askedOnce(),
      ({ state, failure }) => state !== 'failed' || (isHit() && failure?.type !== 'NothingFound'),
    );
  }

  async #askedOnce(): Promise<ServiceBinding> {
    const { body } = await comes(
      async () => await this.#ask('POST', '/v1/service-bindings', request),
      ({ status }) => status < 400,
    );
    return (
      await comes(
        async () => await this.#ask('GET', `/v1/service-bindings/${body.id}`),
        ({ status, body: { state } }) => status === 200 && state !== 'working',
      )
    ).body;
  }

  /** An application of A subscribes; whatever it hears of that, the service can be used. How many the producer has then. */
  async subscribed(binding: ServiceBinding, kills: readonly Kill[] = []): Promise<number> {
    const [{ path_secret: secret } = { path_secret: '' }] = await this.#pair.rows<{ path_secret: string }>(
      this.#pair.a,
      'select path_secret from binding where name = $1',
      [binding.name],
    );
    const url = `http://127.${this.#pair.net}.10.2:8702/s/${secret}/subscriptions`;
    const answers = async (): Promise<void> =>
      void (await comes(
        async () => (await fetch(url)).status,
        (status) => status === 200,
      ));
    await answers();
    const subscribe = async (): Promise<number> => {
      const callbackReference = `http://127.${this.#pair.net}.22.253:9000/cells`;
      const filter = { appInstanceId: 'navigation', hoStatus: [3] };
      const body = { subscriptionType: 'CellChangeSubscription', callbackReference, filterCriteriaAssocHo: filter };
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
      await answer.arrayBuffer();
      return answer.status;
    };
    if (kills.length > 0) {
      await this.#during(kills, async () => await subscribe().catch(() => undefined));
      await answers();
    }
    // Whoever heard no answer asks again
    const status = await subscribe();
    if (status !== 201) throw new Error(`the service answers ${status}`);
    return (await this.standing()).subscriptions ?? 0;
  }

  async released({ id }: ServiceBinding, kills: readonly Kill[] = []): Promise<void> {
    await this.#during(kills, async () => {
      await comes(
        async () => await this.#ask('DELETE', `/v1/service-bindings/${id}`),
        ({ status }) => status === 202,
      );
      await this.isGone();
    });
    await this.isGone();
  }

  /** Whatever became of a test. */
  async cleared(): Promise<void> {
    this.#pair.border.clear();
    await this.#pair.sandbox('/faults', 'DELETE');
    for (const { tap } of [this.#pair.a, this.#pair.b]) tap?.clear();
    const { bindings } = (await comes(
      async () => (await this.#pair.ask(this.#pair.a, '/v1/service-bindings')).body,
      Boolean,
    )) as {
      bindings: ServiceBinding[];
    };
    for (const { id, state } of bindings)
      if (state === 'open' || state === 'working') await this.#ask('DELETE', `/v1/service-bindings/${id}`);
    await this.isGone();
  }

  async #state(): Promise<Seen> {
    return (await this.#pair.sandbox('/state')) as Seen;
  }

  /** Of all consumptions, by their names. */
  async standing() {
    const { peers } = await this.#state();
    const rows = async (operator: Operator) =>
      (
        await this.#pair.rows<{ is: string }>(
          operator,
          "select name || ' ' || state as is from binding where state <> 'closed'",
        )
      ).map(({ is }) => is);
    const shown = (peers['platform-a2']?.services ?? []).filter(({ isLocal }) => !isLocal);
    return {
      ofA: await rows(this.#pair.a),
      ofB: await rows(this.#pair.b),
      decisionsOfA: Object.keys(peers['meo-cellular']?.decisions ?? {}),
      decisionsOfB: Object.keys(peers['meo-metro']?.decisions ?? {}),
      exposed: shown.map(({ transportInfo }) => transportInfo?.id),
      subscriptions: peers['platform-b1']?.radio?.length,
    };
  }

  async isGone(): Promise<void> {
    await comes(
      async () => await this.standing(),
      (standing) =>
        Object.values(standing)
          .flat()
          .every((each) => each === 0),
    );
  }

  /** What each operator's ledger tells of it. */
  async ledgers(): Promise<readonly object[][]> {
    const lines = async (operator: Operator, role: string) =>
      await this.#pair.rows<object>(
        operator,
        `select key, kind, origin, what, outcome from ledger
          where role = $1 and kind in ('announced', 'opened', 'closed') order by key, kind`,
        [role],
      );
    return [await lines(this.#pair.a, 'asked'), await lines(this.#pair.b, 'served')];
  }

  /** The first line of each ledger that is not what was written. */
  async broken(): Promise<readonly (string | null)[]> {
    const broken = async ({ database: connectionString, partner }: Operator): Promise<string | null> => {
      const pool = new Pool({ connectionString, max: 1 });
      const catalogue = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
      try {
        return await brokenAt(catalogue, partner);
      } finally {
        await catalogue.destroy();
      }
    };
    return [await broken(this.#pair.a), await broken(this.#pair.b)];
  }

  /** But what always does. */
  async nothingRuns(): Promise<void> {
    const connection = await Connection.connect({ address: this.#pair.a.environment['TEMPORAL_ADDRESS'] ?? '' });
    const running = async (): Promise<string[]> => {
      const ids: string[] = [];
      for (const { namespace } of [this.#pair.a, this.#pair.b])
        for await (const { workflowId } of new Client({ connection, namespace }).workflow.list({
          query: 'ExecutionStatus = "Running"',
        }))
          if (!STANDING.test(workflowId)) ids.push(`${namespace} ${workflowId}`);
      return ids;
    };
    await comes(running, (ids) => ids.length === 0);
    await connection.close();
  }
}
