import type { IncomingMessage, ServerResponse } from 'node:http';
import { size } from './contract/accepted.ts';
import { id, state } from './contract/instance.ts';
import { accept, served } from './contract/serving.ts';
import { ALL } from './contract/state.ts';
import { jsonIn, Malformed, send } from './contract/wire.ts';
import { written } from './context.ts';

/**
 * The client endpoint: **this file is yours**. Whatever it offers, it finds the user in each request, and what is done for
 * him is done within `served`. `GET /` tells who is there.
 */
export async function client(req: IncomingMessage, res: ServerResponse): Promise<void> {
  res.setHeader('Ferry-Instance', id);
  const [path = '/'] = (req.url ?? '/').split('?');
  if (req.method === 'GET' && path === '/') return send(res, 200, { instance: id });
  const [, name, write] = /^\/users\/([^/]+)(\/writes)?$/.exec(path) ?? [];
  if (name === undefined || req.method !== (write ? 'POST' : 'GET')) throw new Malformed('no such resource', 404);
  const user = decodeURIComponent(name);
  if (user === ALL) throw new Malformed('that is no name of a user');
  const body = write ? await jsonIn(req, 1 << 16) : {};
  const number = body['number'];
  if (write && !(Number.isSafeInteger(number) && Number(number) >= 0))
    throw new Malformed('a write has a whole number');
  await served(req, res, { user, path, body: write ? JSON.stringify(body) : '' }, () => {
    // Once: of a repetition it makes nothing
    if (write) accept(user, Number(number), (context) => written(context, body['value'] ?? null));
    const { context, accepted, epoch } = state.of(user);
    const told = write ? { number } : { ...context, accepted };
    return { ...told, user, counter: size(accepted), epoch, instance: id };
  });
}
