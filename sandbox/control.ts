import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { Certificates } from './certificates/certificates.ts';
import type { Children } from './children.ts';
import type { Plan } from './configuration.ts';
import { Faults } from './faults.ts';
import { Journal } from './journal.ts';
import { type Peer, servePeer } from './peer.ts';
import { found, problem } from './problem.ts';
import type { BuiltPackage } from './provider.ts';
import type { Ferry } from './topologies/topology.ts';

const Renewal = z.strictObject({ days: z.int().optional(), trusted: z.boolean().optional() }).prefault({});

/** The world's control, `/sandbox/…`: one document of everything, and the controls of its parts under one roof. */
export async function serveControl(
  plan: Plan,
  children: Children,
  ferries: readonly Ferry[],
  { domainName, descriptor }: BuiltPackage,
  certificates?: Certificates,
): Promise<Peer> {
  const part = (host: number): string => `http://127.${plan.net}.0.${host}:8080`;
  const [peers, network, devices, issuers, assistant] = [part(2), part(3), part(4), part(5), part(6)];
  const routes = Router();

  routes.get('/sandbox/state', async (_req, res) => {
    const states = [peers, network, devices].map(async (url) => await read(`${url}/state`));
    const [ofPeers, ofNetwork, ofDevices] = await Promise.all(states);
    res.json({ world: plan.world, peers: ofPeers, network: ofNetwork, devices: ofDevices });
  });
  routes.get('/sandbox/configuration', ({ query }, res) => {
    const operator = typeof query['operator'] === 'string' ? query['operator'] : ferries[0]?.operator;
    const asked = found(
      ferries.find((ferry) => ferry.operator === operator),
      `operator ${operator}; there is ${ferries.map((ferry) => ferry.operator).join(', ')}`,
    );
    res.json(asked.configuration);
  });
  routes.get('/sandbox/processes', async (_req, res) => {
    const instances = (await read(`${peers}/processes`)) as object[];
    res.json([{ name: 'control', pid: process.pid }, ...children.list(), ...instances]);
  });
  routes.post('/sandbox/certificates/:name', async ({ params, body }, res) => {
    await found(certificates, 'certificates: this world was started without --mtls').renew(
      params.name,
      Renewal.parse(body),
    );
    res.status(204).end();
  });
  routes.post('/sandbox/devices/fleet', async (req, res) => {
    const { appDId, appName, appProvider, appSoftVersion, appDVersion } = descriptor;
    const appInfo = { appDId, appName, appProvider, appSoftVersion, appDVersion };
    const usual = { application: { name: domainName, port: 7000 }, appInfo, clampSeconds: plan.clampSeconds };
    await forward(req, res, `${devices}/fleet`, { ...usual, ...(req.body as object | undefined) });
  });
  for (const name of ['log', 'faults', 'quirks', 'foreign', 'cellChange', 'location', 'mobility'])
    routes.use(`/sandbox/${name}`, async (req, res) => await forward(req, res, `${peers}/${name}${below(req)}`));
  routes.use('/sandbox/issuers', async (req, res) => await forward(req, res, `${issuers}${below(req)}`));
  routes.use('/sandbox/assistant', async (req, res) => await forward(req, res, `${assistant}${below(req)}`));
  routes.use('/sandbox/devices', async (req, res) => await forward(req, res, `${devices}${below(req)}`));

  return await servePeer(
    { name: 'control', address: `127.${plan.net}.0.1`, routes, state: () => null },
    { journal: new Journal(), faults: new Faults() },
  );
}

async function read(url: string): Promise<unknown> {
  return await (await fetch(url)).json();
}

/** What of the path, and the query, comes after the prefix that is forwarded. */
const below = ({ url }: Request): string => url.replace(/^\/(?=\?|$)/, '');

async function forward(req: Request, res: Response, url: string, body: unknown = req.body): Promise<void> {
  try {
    const answer = await fetch(url, {
      method: req.method,
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    res.status(answer.status);
    for (const header of ['content-type', 'allow', 'location']) {
      const value = answer.headers.get(header);
      if (value !== null) res.setHeader(header, value);
    }
    res.end(text);
  } catch (error) {
    problem(res, 502, `that part of the sandbox does not answer: ${(error as Error).message}`);
  }
}
