import { randomUUID } from 'node:crypto';
import { type Request, Router } from 'express';
import { z } from 'zod';
import type { Faults } from '../faults.ts';
import { foreigners } from '../foreign/asked.ts';
import { found, Refused } from '../problem.ts';
import { demandMatch, etagOf } from './etag.ts';
import type { ServiceEvent } from './platform-subscriptions.ts';

/** Services on one platform (MEC 011, mec_service_mgmt/v1). */

const ServiceInfo = z.looseObject({
  serName: z.string().min(1),
  version: z.string().min(1),
  state: z.enum(['ACTIVE', 'INACTIVE', 'SUSPENDED']),
  serializer: z.enum(['JSON', 'XML', 'PROTOBUF3']),
  transportInfo: z.looseObject({ id: z.string(), name: z.string() }).optional(),
  scopeOfLocality: z.string().default('MEC_HOST'),
  consumedLocalOnly: z.boolean().default(true),
  isLocal: z.boolean().default(true),
});
type ServiceInfo = z.infer<typeof ServiceInfo>;

interface Kept {
  /** The application instance that offers it. */
  readonly producer: string;
  info: ServiceInfo;
  version: number;
}

interface Surroundings {
  /** Throws for an instance that is not there. */
  readonly demand: (instance: string) => void;
  readonly changed: (event: ServiceEvent) => void;
}

/** The producer of the radio network information. */
const OWN = 'rnis';

export class PlatformServices {
  readonly #demand: Surroundings['demand'];
  readonly #changed: Surroundings['changed'];
  readonly #url: string;
  readonly #kept = new Map<string, Kept>();

  /** `platform`: base URL. Its radio network information is offered from the start, by a producer of that name. */
  constructor(platform: string, { demand, changed }: Surroundings) {
    this.#demand = demand;
    this.#changed = changed;
    this.#url = `${platform}/mec_service_mgmt/v1`;
    const info = ServiceInfo.parse({
      serName: 'RNIS',
      version: '2.2.1',
      state: 'ACTIVE',
      serializer: 'JSON',
      consumedLocalOnly: false,
      transportInfo: {
        id: 'rest',
        name: 'REST',
        type: 'REST_HTTP',
        protocol: 'HTTP',
        version: '1.1',
        endpoint: { uris: [`${platform}/rni/v2`] },
        security: {},
      },
    });
    this.#kept.set(OWN, { producer: OWN, info, version: 1 });
  }

  dismiss(instance: string): void {
    for (const [id, { producer }] of this.#kept) if (producer === instance) this.#remove(id);
  }

  state(): unknown {
    return this.#list(() => true);
  }

  routes(faults: Faults): Router {
    const router = Router();
    router.get('/mec_service_mgmt/v1/services', (req, res) => {
      const [names, ids] = [list(req.query['ser_name']), list(req.query['ser_instance_id'])];
      if (names.length > 0 && ids.length > 0)
        throw new Refused(400, 'at most one of ser_name, ser_instance_id and ser_category_id');
      const wanted = (id: string, { info }: Kept) =>
        (names.length === 0 || names.includes(info.serName)) && (ids.length === 0 || ids.includes(id));
      const others = foreigners(res, 'services', `${this.#url}/services`).filter(
        ({ serName, serInstanceId }) =>
          (names.length === 0 || names.includes(String(serName))) &&
          (ids.length === 0 || ids.includes(String(serInstanceId))),
      );
      res.json([...others, ...this.#list(wanted)]);
    });
    router.get('/mec_service_mgmt/v1/services/:id', ({ params: { id } }, res) => {
      res.json(this.#shown(id, found(this.#kept.get(id), `service ${id}`)));
    });

    const offered = '/mec_service_mgmt/v1/applications/:instance/services';
    router.use(offered, ({ params: { instance } }: Request<{ instance: string }>, _res, next) => {
      if (instance !== OWN) this.#demand(instance);
      next();
    });
    router.get(offered, ({ params: { instance } }, res) => {
      res.json(this.#list((_id, { producer }) => producer === instance));
    });
    router.post(offered, (req, res) => {
      const id = randomUUID();
      const kept = { producer: req.params.instance, info: ServiceInfo.parse(req.body), version: 1 };
      if (faults.acting(req, 'noEffect') === undefined) this.#keep(id, kept, 'ADDED');
      res.status(201).location(`${this.#url}/services/${id}`).json(this.#shown(id, kept));
    });
    router.get(`${offered}/:id`, ({ params }, res) => {
      const kept = this.#of(params);
      res.set('ETag', etagOf('version', kept.version, null)).json(this.#shown(params.id, kept));
    });
    router.put(`${offered}/:id`, (req: Request<{ instance: string; id: string }>, res) => {
      const kept = this.#of(req.params);
      const next = { ...kept, info: ServiceInfo.parse(req.body), version: kept.version + 1 };
      demandMatch(req, etagOf('version', kept.version, null));
      const changeType = next.info.state === kept.info.state ? 'ATTRIBUTES_CHANGED' : 'STATE_CHANGED';
      if (faults.acting(req, 'noEffect') === undefined) this.#keep(req.params.id, next, changeType);
      res.set('ETag', etagOf('version', next.version, null)).json(this.#shown(req.params.id, next));
    });
    router.delete(`${offered}/:id`, (req: Request<{ instance: string; id: string }>, res) => {
      this.#of(req.params);
      if (faults.acting(req, 'noEffect') === undefined) this.#remove(req.params.id);
      res.status(204).end();
    });
    return router;
  }

  #keep(id: string, kept: Kept, changeType: ServiceEvent['changeType']): void {
    this.#kept.set(id, kept);
    this.#tell(id, kept, changeType);
  }

  #remove(id: string): void {
    const kept = this.#kept.get(id);
    this.#kept.delete(id);
    if (kept !== undefined) this.#tell(id, kept, 'REMOVED');
  }

  #tell(serInstanceId: string, { info }: Kept, changeType: ServiceEvent['changeType']): void {
    const { serName, state, isLocal } = info;
    const link = changeType !== 'REMOVED' && { link: { href: `${this.#url}/services/${serInstanceId}` } };
    this.#changed({ ...link, serName, serInstanceId, state, isLocal, changeType });
  }

  #of({ instance, id }: { instance: string; id: string }): Kept {
    const kept = this.#kept.get(id);
    return found(kept?.producer === instance ? kept : undefined, `service ${id} of instance ${instance}`);
  }

  #list(wanted: (id: string, kept: Kept) => boolean): object[] {
    return [...this.#kept]
      .filter(([id, kept]) => wanted(id, kept))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, kept]) => this.#shown(id, kept));
  }

  #shown(id: string, { info }: Kept): object {
    return { ...info, serInstanceId: id, _links: { self: { href: `${this.#url}/services/${id}` } } };
  }
}

/** Lists come repeated or separated by commas. */
const list = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).flatMap((one) => (typeof one === 'string' ? one.split(',') : []));
