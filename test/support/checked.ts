import { once } from 'node:events';
import { createServer, request, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { check, type Plan, type Report } from '../../check/check.ts';
import { authorityOf } from '../../domain/endpoint.ts';
import { clients } from '../../sandbox/application/clients.ts';
import { Instance } from '../../sandbox/application/instance.ts';
import { management } from '../../sandbox/application/management.ts';
import { Notifications } from '../../sandbox/application/notifications.ts';
import { rules as allRules, type Rules } from '../../sandbox/application/rules.ts';
import { Visitors } from '../../sandbox/application/visitors.ts';
import { busy } from './busy.ts';

/** Instances of the sandbox's application in this very process, right or deliberately wrong, as providers have them checked. */
export interface Counter {
  readonly url: URL;
  readonly clientPort: number;
  readonly instance: Instance;
  /** Whoever listened keeps the addresses; everything else is forgotten. */
  restart(): void;
  close(): Promise<void>;
}

/** Of a freeze, and of taking leave; no more than the contract allows, which is what Ferry waits for. */
const LIMIT_MS = Math.min(2_000, Math.round(200 * busy()));
const HOSTS = ['127.0.0.1', '127.0.0.2'] as const;

async function listening(server: Server, port: number, host: string): Promise<number | null> {
  server.listen(port, host);
  return await once(server, 'listening').then(
    () => (server.address() as AddressInfo).port,
    () => null,
  );
}

const closed = async (server: Server): Promise<void> => {
  const ended = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await ended;
};

export interface Wrong {
  readonly rules?: Partial<Rules>;
  /** Before the application: true when it has answered. */
  readonly first?: (...heard: Parameters<RequestListener>) => boolean;
  /** What it makes of being started again. */
  readonly again?: (before: Instance, after: Instance) => void;
}

async function counter(id: string, host: string, clientPort: number, wrong: Wrong): Promise<Counter | null> {
  const rules = { ...allRules, ...wrong.rules };
  let asked: RequestListener = () => undefined;
  let wrote: RequestListener = () => undefined;
  const managed = createServer((req, res) => {
    if (wrong.first?.(req, res) !== true) asked(req, res);
  });
  const served = createServer((req, res) => wrote(req, res));
  const [port, own] = [await listening(managed, 0, host), await listening(served, clientPort, host)];
  if (port === null || own === null) {
    await closed(managed);
    return null;
  }
  let instance: Instance;
  const begin = (): void => {
    instance = new Instance(authorityOf({ host, port }), { freezeLimitMs: LIMIT_MS, farewellMs: LIMIT_MS, rules });
    const parts = { id, instance, visitors: new Visitors(), notifications: new Notifications(instance.state) };
    asked = management({ ...parts, base: `http://${authorityOf({ host, port: own })}` });
    wrote = clients({ ...parts, port: own });
  };
  begin();
  return {
    url: new URL(`http://${authorityOf({ host, port })}`),
    clientPort: own,
    get instance() {
      return instance;
    },
    restart: () => {
      const before = instance;
      begin();
      wrong.again?.(before, instance);
    },
    close: async () => void (await Promise.all([closed(managed), closed(served)])),
  };
}

export interface Pair {
  readonly S: Counter;
  readonly T: Counter;
  readonly write: NonNullable<Plan['write']>;
  close(): Promise<void>;
}

/** S is founded; the client port is the same on both. */
export async function pair(wrong: Wrong = {}, [hostS, hostT]: readonly [string, string] = HOSTS): Promise<Pair> {
  for (;;) {
    const S = await counter('c-1', hostS, 0, wrong);
    if (S === null) continue;
    const port = S.clientPort;
    const T = await counter('c-2', hostT, port, wrong);
    if (T === null) {
      await S.close();
      continue;
    }
    await S.instance.call({ kind: 'found', users: {} });
    return {
      S,
      T,
      write: async (host, user, number) =>
        await written(`http://${authorityOf({ host, port })}/users/${user}/writes`, number),
      close: async () => void (await Promise.all([S.close(), T.close()])),
    };
  }
}

async function written(url: string, number: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const asked = request(url, { method: 'POST', agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.once('error', () => resolve(false));
    asked.end(JSON.stringify({ number }));
  });
}

export const checked = async ({ S, T, write }: Pair, plan: Partial<Plan> = {}): Promise<Report> =>
  await check({
    urls: [S.url, T.url],
    proof: {},
    write,
    restart: async () => {
      T.restart();
      return true;
    },
    anyway: false,
    patienceMs: Math.round(300 * busy()),
    ...plan,
  });

/** The verdict on each rule. */
export const verdicts = ({ findings }: Report): Record<string, string> =>
  Object.fromEntries(findings.map(({ rule, verdict }) => [rule, verdict]));
