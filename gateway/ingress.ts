import { connect } from 'node:net';
import { callbackAnswered, callbackAsked, callbackTo, callbackUnmade } from '../catalogue/callbacks.ts';
import type { Path } from '../catalogue/paths.ts';
import { mistakeInLink } from '../configuration/links.ts';
import { unavailable } from '../doors/refusal.ts';
import { callbackMembers, OWN, PROBE } from '../protocols/mpp/path.ts';
import { hiding, notified, subscribers } from './callbacks.ts';
import { tooManyCallbacks } from './egress.ts';
import { type Means, servedBase } from './means.ts';
import type { Passage } from './passage.ts';
import { passing } from './passing.ts';
import { absent, refusedTo } from './refusals.ts';
import type { Handler } from './served.ts';
import { below, malformed, targetBelow } from './target.ts';

const CONNECT_MS = 2_000;
/** In bytes: where a subscription is asked for is kept, and found again. */
const LONGEST = 2_000;

/** From the partner's gateway to a producer of ours: `/mpp/v1/bindings/{name}/…`. */
export const ingress =
  (means: Means): Handler =>
  async (req, res, found, [, name = '', rest = '']) => {
    const { path, verdict } = await means.verdicts.of({ partner: found.partner, name });
    if (path?.endpoint == null || verdict !== 'open') throw refusedTo(verdict === 'open' ? 'absent' : verdict);
    const target = targetBelow(rest);
    if (target.path.startsWith(OWN)) {
      if (target.path !== PROBE || req.method !== 'GET') throw absent();
      await reached(path.endpoint);
      res.writeHead(204).end();
      return;
    }
    const asked = below(path.endpoint, target);
    const collection = req.method === 'POST' ? asked : null;
    await passing(means, req, res, { ...inward(means, path, path.endpoint, collection), asked, target });
  };

/** `collection`: where a subscription may be made by this; null: nothing is. */
function inward(means: Means, path: Path, there: string, collection: string | null): Omit<Passage, 'asked' | 'target'> {
  const { catalogue, partners, own, log, isInside } = means;
  const here = servedBase(means, path);
  const callbacks = new Set<string>();
  return {
    path,
    asks: async (strings) => {
      const whole = new Map<string, string>();
      for (const target of subscribers(strings)) {
        const partner = partners[path.partner];
        const mistake = partner === undefined ? 'is of nobody' : mistakeInLink(partner, target);
        if (mistake !== undefined) throw malformed(`${callbackMembers.join(', ')}: the value ${mistake}`);
        const callback = await callbackTo(catalogue, { binding: path.id, target });
        if (callback === undefined) throw tooManyCallbacks();
        if (collection !== null && !callbacks.has(callback.id)) {
          if (Buffer.byteLength(collection) > LONGEST) throw malformed('the path is too long for a subscription');
          if (!(await callbackAsked(catalogue, callback.id, collection))) throw tooManyCallbacks();
          callbacks.add(callback.id);
        }
        whole.set(target, `${own.inner}/n/${callback.id}`);
      }
      return { from: here, to: there, whole, hides: isInside };
    },
    answers: async (strings) => ({
      from: there,
      to: here,
      whole: await notified(catalogue, path, `${own.inner}/n/`, strings),
      hides: hiding(means, there),
    }),
    answered: async (made) => {
      // It is not the producer's to say what else we delete: that one is looked for when the binding ends
      if (made !== null && new URL(made).origin !== new URL(there).origin) return;
      for (const id of callbacks)
        await callbackAnswered(catalogue, id, { at: collection ?? '', made }).catch((error: unknown) =>
          log.debug({ err: error, partner: path.partner }, 'not noted: it is looked for when the binding ends'),
        );
    },
    removed: async (url) =>
      await callbackUnmade(catalogue, path.id, url).catch((error: unknown) => log.debug({ err: error }, 'not noted')),
  };
}

/** Does something listen there? The service is not used for that. Throws a refusal (503). */
async function reached(endpoint: string): Promise<void> {
  const { hostname, port, protocol } = new URL(endpoint);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const socket = connect({ host, port: Number(port) || (protocol === 'https:' ? 443 : 80), timeout: CONNECT_MS });
  try {
    await new Promise<void>((resolve, reject) => {
      socket
        .once('connect', resolve)
        .once('error', reject)
        .once('timeout', () => reject(new Error('no answer')));
    });
  } catch {
    throw unavailable('the service is not in reach', 'Ask again later.');
  } finally {
    socket.destroy();
  }
}
