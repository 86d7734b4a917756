import { request } from 'undici';
import type { Behaviour, Call, Standing, WorldPlan } from '../peers/plan.ts';
import { LCM_PROXY, MEO, VANTAGE } from '../peers/plan.ts';
import { applicationOf, CHECKSUM, domainOf, platformAt, rangeOf, SERVICE_PORT, SIDES, siteOf } from '../peers/plan.ts';
import { SERVER_CORE, start } from './process.ts';

export interface Peers {
  readonly pid: number;
  readonly port: number;
  readonly pairs: number;
  readonly behave: (behaviour: Partial<Behaviour>) => Promise<void>;
  /** These applications anew, from number `first` on: each has an instance on the left, which serves. */
  readonly found: (plan: WorldPlan, first?: number) => Promise<void>;
  readonly log: () => Promise<readonly Call[]>;
  readonly forget: () => Promise<void>;
  readonly standing: () => Promise<Standing>;
  /** So many calls since it began, and life cycle operations that are open. */
  readonly counts: () => Promise<{ readonly calls: number; readonly operations: number }>;
  readonly stop: () => Promise<void>;
}

export async function startPeers(pairs = 1): Promise<Peers> {
  const { pid, said, stop } = await start('bench/peers/main.ts', ['--pairs', String(pairs)], { core: SERVER_CORE });
  const port = Number(said['port']);
  const ask = async <T>(method: 'GET' | 'POST' | 'DELETE', path: string, json?: object): Promise<T> => {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}/bench/${path}`, {
      method,
      ...(json !== undefined && { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } }),
    });
    const text = await body.text();
    if (statusCode >= 300) throw new Error(`the peers answered ${statusCode} to ${method} ${path}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  };
  return {
    pid,
    port,
    pairs,
    behave: async (behaviour) => await ask('POST', 'behaviour', behaviour),
    found: async (plan, first = 0) => await ask('POST', `world?first=${first}`, plan),
    log: async () => (await ask<{ entries: readonly Call[] }>('GET', 'log')).entries,
    forget: async () => await ask('DELETE', 'log'),
    standing: async () => await ask('GET', 'standing'),
    counts: async () => await ask('POST', 'behaviour', {}),
    stop,
  };
}

/** The configuration file of a Ferry that these peers are for, which knows so many applications. */
export function configurationFor(
  { port, pairs }: Pick<Peers, 'port' | 'pairs'>,
  applications: number,
  { pace = {}, worker = {} }: { readonly pace?: object; readonly worker?: object } = {},
): object {
  const all = Array.from({ length: pairs }, (_, pair) => pair);
  const peer = (kind: string, address: string) => ({ kind, url: `http://${address}:${port}`, insecure: true });
  const hosts = all.flatMap((pair) => SIDES.map((side) => ({ side, pair, name: siteOf(side, pair) })));
  return {
    peers: {
      meo: peer('meo', MEO),
      'lcm-proxy': peer('lcmProxy', LCM_PROXY),
      vantage: peer('vantage', VANTAGE),
      ...Object.fromEntries(
        hosts.map(({ side, pair, name }) => [`platform-${name}`, peer('platform', platformAt(side, pair))]),
      ),
    },
    networks: { access: { vantage: 'vantage', resolverClampSeconds: 0 } },
    systems: { system: { meo: 'meo', network: 'access', lcmProxy: 'lcm-proxy' } },
    sites: Object.fromEntries(
      hosts.map(({ side, pair, name }) => [
        name,
        { kind: 'mecHost', system: 'system', host: name, platform: `platform-${name}`, addresses: rangeOf(side, pair) },
      ]),
    ),
    applications: Object.fromEntries(
      Array.from({ length: applications }, (_, n) => [
        applicationOf(n),
        {
          provider: 'bench',
          appDId: `appd-${n}`,
          softVersion: '1.0',
          descriptorVersion: '1.0',
          checksum: CHECKSUM,
          archive: { path: '/nowhere.zip', uri: 'http://nowhere.test/package.zip' },
          domainName: domainOf(n),
          ruleIds: ['name', 'all'],
          port: SERVICE_PORT,
          management: { port },
        },
      ]),
    ),
    // Patient: a machine that is late is no peer that is dead
    pace: {
      attemptMs: 60_000,
      stepMs: 300_000,
      handOverMs: 120_000,
      operationMs: 900_000,
      heartbeatMs: 60_000,
      pollMs: 20,
      quietMs: 100,
      ...pace,
    },
    worker,
  };
}
