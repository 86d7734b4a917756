import { z } from 'zod';
import type { ExposedService, Exposure } from '../../activities/federation/consumption.ts';
import { servicesOf } from '../../protocols/mec011/service.ts';
import type { Exchange } from '../http.ts';
import { everyPage } from '../paging.ts';

const ABSENT = [404, 410];
/** MEC 011 V2 has no SUSPENDED. */
const STATE_REFUSED = [400, 422];

/**
 * What partners offer, as a service of this platform: registered by our gateway, which is an application instance there (`as`), by
 * plain Mp1. Found again by `transportInfo.id`, which is ours to set: the binding's name.
 */
export function mec011Exposure(platform: Exchange, as: string): Exposure {
  const path = servicesOf(as);

  return {
    async list(signal) {
      const listed = await everyPage(platform, path, Listed, signal, ABSENT);
      return listed.map(({ serInstanceId: id, state, transportInfo }): ExposedService => {
        return { id, binding: transportInfo.id, active: state === 'ACTIVE' };
      });
    },

    async expose({ binding, name, version, serializer, url }, signal) {
      const json = {
        serName: name,
        version,
        state: 'ACTIVE',
        serializer,
        transportInfo: {
          id: binding,
          name: 'Ferry',
          type: 'REST_HTTP',
          protocol: 'HTTP',
          version: '1.1',
          endpoint: { uris: [url] },
          security: {},
        },
        scopeOfLocality: 'MEC_SYSTEM',
        consumedLocalOnly: false,
        isLocal: false,
      };
      await platform.ask({ method: 'POST', path, json, key: binding }, signal);
    },

    async setActive(id, active, signal) {
      const one = `${path}/${encodeURIComponent(id)}`;
      const { status, body, etag } = await platform.ask(
        { method: 'GET', path: one, schema: Info, alsoExpect: ABSENT },
        signal,
      );
      if (ABSENT.includes(status)) return;
      const { _links: _, ...info } = body;
      const headers = etag === null ? {} : { 'if-match': etag };
      const put = async (state: string, alsoExpect: readonly number[]): Promise<number> =>
        (await platform.ask({ method: 'PUT', path: one, json: { ...info, state }, headers, alsoExpect }, signal))
          .status;
      if (active) await put('ACTIVE', ABSENT);
      else if (STATE_REFUSED.includes(await put('SUSPENDED', [...ABSENT, ...STATE_REFUSED])))
        await put('INACTIVE', ABSENT);
    },

    async remove(id, signal) {
      await platform.ask({ method: 'DELETE', path: `${path}/${encodeURIComponent(id)}`, alsoExpect: ABSENT }, signal);
    },
  };
}

const Info = z.looseObject({ state: z.string() });

/** An entry that is not one of these is somebody else's. */
const Listed = z.looseObject({
  serInstanceId: z.string().min(1),
  state: z.string(),
  transportInfo: z.looseObject({ id: z.string() }),
});
