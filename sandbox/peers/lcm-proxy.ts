import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Router } from 'express';
import { z } from 'zod';
import type { PeerPlan } from '../peer.ts';
import { found, Refused } from '../problem.ts';
import { asked as askFerry, passOn, relay } from './relay.ts';

const BASE = '/dev_app/v1';
const TRIES = 3;
const TRY_MS = 800;
const PAUSE_MS = 100;

/** MEC 016, table of lengths: at most 32 characters. */
const Short = z.string().min(1).max(32);

const Served = z.object({ appInstanceId: z.string(), referenceURI: z.string() });
type Served = z.infer<typeof Served>;

const AppInfo = z.object({
  appDId: z.string().optional(),
  appName: Short,
  appProvider: Short,
  appSoftVersion: Short.optional(),
  appDVersion: z.string(),
  appDescription: z.string().max(128).optional(),
});
const AppContext = z.looseObject({
  associateDevAppId: Short,
  callbackReference: z.url().optional(),
  appInfo: AppInfo.extend({ userAppInstanceInfo: z.array(z.looseObject({})).min(1) }),
});
type AppContext = z.infer<typeof AppContext> & { readonly contextId: string };

/** What its provider offers to devices, and the instance that serves whoever comes newly. No published API conveys it. */
const Offer = z.object({ appInfo: AppInfo.extend({ appDId: z.string() }), serving: Served });
type Offer = z.infer<typeof Offer>;

const AddressChange = z.object({
  notificationType: z.literal('AddressChangeNotification'),
  contextId: z.string().min(1),
  ...Served.shape,
});

/**
 * The user application LCM proxy: MEC 016 towards devices; told of new addresses, it tells the devices. What it cannot
 * answer itself it asks Ferry: where an application could be, and to have it there.
 */
export function lcmProxyPeer(net: number, ferry = 'http://127.0.0.1:8700'): PeerPlan {
  const offers = new Map<string, Offer>();
  const contexts = new Map<string, AppContext>();
  const routes = Router();

  routes.put('/offers/:appDId', (req, res) => {
    offers.set(req.params.appDId, Offer.parse(req.body));
    res.status(204).end();
  });

  routes.get(`${BASE}/app_list`, (req, res) => {
    const query = Object.entries(req.query).map(([name, value]) => [name.toLowerCase(), [value].flat()] as const);
    const wanted = ({ appInfo }: Offer): boolean =>
      Object.entries(appInfo).every(([member, value]) =>
        query.every(([name, values]) => name !== member.toLowerCase() || values.includes(value)),
      );
    const appList = [...offers.values()].filter(wanted).map(({ appInfo }) => ({ appInfo }));
    res.json({ appList });
  });

  routes.post(`${BASE}/app_contexts`, (req, res) => {
    const asked = AppContext.parse(req.body);
    const offer = found(
      [...offers.values()].find(({ appInfo }) => sameApplication(appInfo, asked.appInfo)),
      `application ${asked.appInfo.appName} on offer`,
    );
    // The same device application again is the same context: its first answer may have been lost, and there is no GET.
    const context = [...contexts.values()].find((known) => sameContext(known, asked)) ?? {
      ...asked,
      contextId: randomBytes(16).toString('hex'),
      appInfo: { ...asked.appInfo, userAppInstanceInfo: [offer.serving] },
    };
    contexts.set(context.contextId, { ...context, callbackReference: asked.callbackReference });
    res.status(201).location(`${BASE}/app_contexts/${context.contextId}`).json(contexts.get(context.contextId));
  });
  routes.post(`${BASE}/obtain_app_loc_availability`, async (req, res) => {
    z.object({ associateDevAppId: Short, appInfo: AppInfo }).parse(req.body);
    await relay(res, 'POST', `${ferry}${BASE}/obtain_app_loc_availability`, req.body);
  });
  routes.put(`${BASE}/app_contexts/:contextId`, async (req, res) => {
    const { contextId } = req.params;
    const known = found(contexts.get(contextId), `context ${contextId}`);
    const asked = AppContext.extend({ contextId: z.literal(contextId) }).parse(req.body);
    if (!sameContext(known, asked)) throw new Refused(400, 'only callbackReference and appLocation may change');
    if (namesPlace(asked)) {
      const answer = await askFerry('PUT', `${ferry}${BASE}/app_contexts/${contextId}`, req.body);
      if (!answer.ok) return await passOn(res, answer);
    }
    const latest = found(contexts.get(contextId), `context ${contextId}`); // told meanwhile of a new address
    contexts.set(contextId, { ...latest, callbackReference: asked.callbackReference });
    res.status(204).end();
  });
  routes.delete(`${BASE}/app_contexts/:contextId`, (req, res) => {
    const { contextId } = found(contexts.get(req.params.contextId), `context ${req.params.contextId}`);
    contexts.delete(contextId);
    res.status(204).end();
  });

  /** `contextId`: of one context, or the instance whose contexts are meant, or the device's application (its tag). */
  routes.post('/notifications/address_change', async (req, res) => {
    const { contextId: meant, appInstanceId, referenceURI } = AddressChange.parse(req.body);
    const serving = { appInstanceId, referenceURI };
    const concerned = [...contexts.values()].filter((context) =>
      [context.contextId, context.associateDevAppId, instanceOf(context)].includes(meant),
    );
    await Promise.all(concerned.map(async (context) => await tell(context, serving)));
    for (const { contextId } of concerned) {
      const latest = contexts.get(contextId); // it may have changed, or gone, meanwhile
      if (latest !== undefined)
        contexts.set(contextId, { ...latest, appInfo: { ...latest.appInfo, userAppInstanceInfo: [serving] } });
    }
    for (const [appDId, offer] of offers)
      if (offer.serving.appInstanceId === meant) offers.set(appDId, { ...offer, serving });
    res.status(204).end();
  });

  return {
    name: 'lcm-proxy',
    address: `127.${net}.1.2`,
    routes,
    state: () => ({
      offers: [...offers.values()].toSorted((a, b) => a.appInfo.appDId.localeCompare(b.appInfo.appDId)),
      contexts: [...contexts.values()].toSorted((a, b) => a.associateDevAppId.localeCompare(b.associateDevAppId)),
    }),
  };
}

const namesPlace = ({ appInfo }: z.infer<typeof AppContext>): boolean =>
  appInfo.userAppInstanceInfo.some(({ appLocation }) => appLocation != null);

const instanceOf = ({ appInfo }: AppContext): unknown => appInfo.userAppInstanceInfo[0]?.['appInstanceId'];

const sameApplication = (a: z.infer<typeof AppInfo>, b: z.infer<typeof AppInfo>): boolean =>
  a.appName === b.appName &&
  a.appProvider === b.appProvider &&
  a.appDVersion === b.appDVersion &&
  (b.appDId ?? a.appDId) === a.appDId &&
  (b.appSoftVersion ?? a.appSoftVersion) === a.appSoftVersion;

/** By the device application and what it asked for; the server's part and what may change do not count. */
function sameContext(a: z.infer<typeof AppContext>, b: z.infer<typeof AppContext>): boolean {
  const { userAppInstanceInfo: _a, ...askedA } = a.appInfo;
  const { userAppInstanceInfo: _b, ...askedB } = b.appInfo;
  return a.associateDevAppId === b.associateDevAppId && isDeepStrictEqual(askedA, askedB);
}

/** Three tries; then it is dropped, as nobody promises its delivery. */
async function tell({ contextId, callbackReference }: AppContext, serving: Served): Promise<void> {
  if (callbackReference === undefined) return;
  const body = JSON.stringify({ notificationType: 'AddressChangeNotification', contextId, ...serving });
  const headers = { 'content-type': 'application/json' };
  for (let n = 1; n <= TRIES; n += 1) {
    try {
      const answer = await fetch(callbackReference, {
        method: 'POST',
        headers,
        body,
        signal: AbortSignal.timeout(TRY_MS),
      });
      await answer.arrayBuffer();
      if (answer.ok) return;
    } catch {
      // tried again below
    }
    if (n < TRIES) await pause(n * PAUSE_MS);
  }
}
