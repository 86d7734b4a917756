import type { Vantage } from '../../activities/ports.ts';
import { authorityOf, plainAddress } from '../../domain/endpoint.ts';
import { Asked, base, Resolution } from '../../protocols/vantage/vantage.ts';
import type { Exchange } from '../http.ts';

const INSTANCE = 'ferry-instance';

/** A vantage point in an access network: sees what a device there would see. */
export const vantagePoint = (point: Exchange): Vantage => ({
  resolve: async (name, signal) => {
    const path = `${base}/resolve?name=${encodeURIComponent(name)}`;
    const answers = (await point.ask({ method: 'GET', path, schema: Resolution }, signal)).body;
    // A resolver may hand out any of them: the shortest is the first that is asked for again.
    const ttl = answers.length === 0 ? 0 : Math.min(...answers.map((answer) => answer.ttl));
    return { addresses: [...new Set(answers.map(({ address }) => plainAddress(address)))], ttl };
  },

  answering: async (endpoint, device, signal) => {
    const json = { url: `http://${authorityOf(endpoint)}/`, from: device };
    const { status, body } = await point.ask(
      { method: 'POST', path: `${base}/ask`, json, schema: Asked, alsoExpect: [502], question: true },
      signal,
    );
    if (status === 502) return { who: 'nobody' };
    const found = Object.entries(body.headers ?? {}).find(([header]) => header.toLowerCase() === INSTANCE)?.[1];
    const id: unknown = Array.isArray(found) ? found[0] : found;
    return typeof id === 'string' && id !== '' ? { who: 'instance', id } : { who: 'unnamed' };
  },
});
