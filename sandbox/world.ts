import { setTimeout as pause } from 'node:timers/promises';
import { post } from './application/exchange.ts';
import { proofIn, schemeFor } from './application/proof.ts';
import { type Plan, packageUri, users } from './configuration.ts';
import type { BuiltPackage } from './provider.ts';
import type { StartQuirks } from './quirks/start.ts';

/**
 * Founds a world, as operators and the application's provider would: the package in the repository and in the cloud,
 * one instance there that is the authority of every user, its name in the public zone, its offer at the LCM proxy. No
 * MEC system knows the package yet.
 */

const READY_LIMIT_MS = 15_000;
const LOOK_EVERY_MS = 50;
const SUBSCRIPTIONS = 3;
const FOUND_MS = 10_000;

export async function foundWorld({ net, ttlSeconds }: Plan, built: BuiltPackage): Promise<void> {
  const at = (host: string): string => `http://127.${net}.${host}:8080`;
  const { descriptor, domainName, archive, checksum } = built;
  const { appDId, appName, appProvider, appSoftVersion, appDVersion, appDescription } = descriptor;
  const first = `${appName}-0`;
  const uri = packageUri(net, built);
  await send('PUT', uri, archive);

  const cloud = `${at('4.1')}/cloud/v1`;
  const order = { appDId, appSoftVersion, checksum: { algorithm: 'SHA-256', hash: checksum }, uri };
  const { id: packageId } = await send<{ id: string }>('POST', `${cloud}/packages`, order);
  await reaches(`${cloud}/packages/${packageId}`, 'ready');
  const instance = `${cloud}/instances/${first}`;
  await send('PUT', instance, { packageId });
  const { endpoint } = await reaches<{ endpoint: { host: string; port: number } }>(instance, 'running');

  const found = { platform: at('2.11'), subscriptions: SUBSCRIPTIONS, users: users(net) };
  const proof = proofIn(process.env);
  const { status } = await post(`${schemeFor(proof)}://${endpoint.host}:7001/provider/found`, found, FOUND_MS, proof);
  if (status !== 200)
    throw new Error(`the first instance did not become the authority of everybody: ${status || 'it did not answer'}`);
  await send('PUT', `${at('0.3')}/zone`, { [domainName]: { address: endpoint.host, ttl: ttlSeconds } });
  await send('PUT', `${at('1.2')}/offers/${appDId}`, {
    appInfo: { appDId, appName, appProvider, appSoftVersion, appDVersion, appDescription },
    serving: { appInstanceId: first, referenceURI: `http://${endpoint.host}:${endpoint.port}/` },
  });
}

/** Once it is founded: its founders are simple clients. */
export async function makeOdd({ net }: Plan, quirks: StartQuirks): Promise<void> {
  for (const quirk of quirks.filter((name) => name !== 'realRuleIds'))
    await send('POST', `http://127.${net}.0.2:8080/quirks`, { peer: '*', quirk });
}

async function send<T = unknown>(method: string, url: string, body?: object): Promise<T> {
  const archive = Buffer.isBuffer(body);
  const answer = await fetch(url, {
    method,
    signal: AbortSignal.timeout(10_000),
    ...(body !== undefined && {
      headers: { 'content-type': archive ? 'application/zip' : 'application/json' },
      body: archive ? body : JSON.stringify(body),
    }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}: ${text}`);
  return (text.startsWith('{') ? JSON.parse(text) : undefined) as T;
}

async function reaches<T>(url: string, state: string): Promise<T> {
  const deadline = Date.now() + READY_LIMIT_MS;
  for (;;) {
    const seen = await send<T & { state: string; detail: string | null }>('GET', url);
    if (seen.state === state) return seen;
    if (seen.state === 'failed' || Date.now() > deadline)
      throw new Error(`${url} is ${seen.state}, not ${state}: ${seen.detail ?? 'it does not say why'}`);
    await pause(LOOK_EVERY_MS);
  }
}
