import { isIPv4 } from 'node:net';
import { Router } from 'express';
import { z } from 'zod';
import { problem } from '../problem.ts';
import { type Answer, answerTo } from './answer.ts';
import type { Binding } from './binding.ts';
import { askDns } from './dns.ts';
import { openTunnel } from './tunnel.ts';

const PATIENCE_MS = 2_000;

const Question = z.strictObject({ url: z.url({ protocol: /^http$/ }), from: z.ipv4().nullable() });

/** A place in an access network: its resolver, its user plane, and the address that the vantage point itself has there. */
export interface Place {
  readonly resolver: Binding;
  readonly userPlane: Binding;
  readonly address: string;
}

/** The vantage point's API (sandbox/README.md): resolves and asks as a device of the access network would. */
export function vantageRoutes(place: Place): Router {
  return Router()
    .get('/vantage/v1/resolve', async (req, res) => {
      const { name } = z.object({ name: z.string().min(1).max(253) }).parse(req.query);
      try {
        res.json({ name, answers: await resolve(place, name, place.address, AbortSignal.timeout(PATIENCE_MS)) });
      } catch (error) {
        problem(res, 502, (error as Error).message);
      }
    })
    .post('/vantage/v1/ask', async (req, res) => {
      const question = Question.parse(req.body);
      try {
        res.json(await ask(place, new URL(question.url), question.from ?? place.address));
      } catch (error) {
        problem(res, 502, (error as Error).message);
      }
    });
}

const resolve = async ({ resolver }: Place, name: string, from: string, signal: AbortSignal) =>
  await askDns(resolver, name, { from, signal });

async function ask(place: Place, url: URL, from: string): Promise<Answer> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const { hostname, host, pathname, search } = url;
  const address = isIPv4(hostname) ? hostname : (await resolve(place, hostname, from, signal))[0]?.address;
  if (address === undefined) throw new Error(`${hostname} does not resolve`);
  const socket = await openTunnel(place.userPlane, { to: { address, port: Number(url.port || 80) }, from, signal });
  try {
    const headers = { host, connection: 'close' };
    return await answerTo({ createConnection: () => socket, path: pathname + search, headers, signal });
  } finally {
    socket.destroy();
  }
}
