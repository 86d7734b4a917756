import { Router } from 'express';
import { z } from 'zod';
import { faultRoutes } from '../fault-routes.ts';
import { Faults } from '../faults.ts';
import { Journal } from '../journal.ts';
import { servePeer } from '../peer.ts';
import { found } from '../problem.ts';
import { issuersOf } from './clients.ts';
import { Issuer } from './issuer.ts';

export interface Issuers {
  readonly url: string;
  close(): Promise<void>;
}

const Rotation = z.strictObject({ told: z.boolean().default(true) }).prefault({});

/**
 * The authorization servers of the world `net`, and their control: faults, calls, new secrets (sandbox/README.md).
 * `certificates`: the folder of theirs, where they ask for one.
 */
export async function startIssuers(net: number, secrets: string, certificates?: string): Promise<Issuers> {
  const around = { journal: new Journal(), faults: new Faults(), certificates };
  const issuers = await Promise.all(
    issuersOf(net, certificates !== undefined).map(async (plan) => ({
      plan,
      issuer: await Issuer.start(plan, secrets),
    })),
  );
  const peers = await Promise.all(
    issuers.map(async ({ plan, issuer }) => {
      const { name, routes } = issuer;
      return await servePeer(
        { name, address: new URL(plan.url).hostname, routes, state: () => issuer.state() },
        around,
      );
    }),
  );
  const names = peers.map(({ name }) => name);
  const routes = Router()
    .use('/faults', faultRoutes(around.faults, names))
    .get('/log', (req, res) => void res.json(around.journal.since(Number(req.query['since'] ?? 0))))
    .get('/state', (_req, res) => {
      res.json(Object.fromEntries(issuers.map(({ issuer }) => [issuer.name, issuer.state()])));
    })
    .post('/:issuer/clients/:client/secret', ({ params, body }, res) => {
      const { issuer } = found(
        issuers.find((one) => one.issuer.name === params.issuer),
        `issuer ${params.issuer}; there is ${names.join(', ')}`,
      );
      issuer.rotate(params.client, Rotation.parse(body).told);
      res.status(204).end();
    });
  const control = await servePeer(
    { name: 'issuers', address: `127.${net}.0.5`, routes, state: () => null },
    { journal: new Journal(), faults: new Faults() },
  );
  return {
    url: control.url,
    close: async () => void (await Promise.all([control, ...peers].map(async (part) => await part.close()))),
  };
}
