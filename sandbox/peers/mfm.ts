import { Router } from 'express';
import { z } from 'zod';
import type { Faults } from '../faults.ts';
import type { Platform } from './platform.ts';

/** What a MEO speaks with its federator besides MEC 040 (Mfm-fed): what its system has, and what was decided. */

export const MFM = '/mfm/v1';

const Decision = z.looseObject({
  role: z.enum(['consumer', 'producer']),
  platform: z.string(),
  what: z.looseObject({ kind: z.enum(['service', 'application']), name: z.string() }),
  operator: z.string(),
});

const Service = z.looseObject({
  serInstanceId: z.string(),
  serName: z.string(),
  version: z.string(),
  state: z.string(),
  serializer: z.string(),
  consumedLocalOnly: z.boolean(),
  isLocal: z.boolean(),
  transportInfo: z
    .looseObject({ type: z.string().optional(), endpoint: z.looseObject({ uris: z.array(z.string()) }).optional() })
    .optional(),
});

export interface HostOf {
  readonly id: string;
  readonly platform: Platform;
}

export class Orchestration {
  readonly #hosts: readonly HostOf[];
  readonly #decisions = new Map<string, unknown>();

  constructor(hosts: readonly HostOf[]) {
    this.#hosts = hosts;
  }

  /** All of it: what others offer here, and what is for this host alone, is nobody's. */
  inventory(): object {
    return {
      zones: [],
      platforms: this.#hosts.map(({ id, platform }) => ({ platform: id, offers: offersOf(platform) })),
    };
  }

  state(): object {
    return Object.fromEntries([...this.#decisions].toSorted(([one], [other]) => (one < other ? -1 : 1)));
  }

  routes(faults: Faults): Router {
    const decision = `${MFM}/decisions/:binding`;
    const router = Router();
    router.put(decision, (req, res) => {
      const decided = Decision.parse(req.body);
      if (faults.acting(req, 'noEffect') === undefined) this.#decisions.set(req.params['binding'] ?? '', decided);
      res.status(204).end();
    });
    router.delete(decision, (req, res) => {
      if (faults.acting(req, 'noEffect') === undefined) this.#decisions.delete(req.params['binding'] ?? '');
      res.status(204).end();
    });
    router.post(`${MFM}/platform-queries`, (_req, res) => {
      res.json(this.inventory());
    });
    return router;
  }
}

const offersOf = (platform: Platform): object[] =>
  z
    .array(Service)
    .parse(platform.services())
    .filter(({ isLocal, consumedLocalOnly }) => isLocal && !consumedLocalOnly)
    .map(({ serInstanceId, serName, version, state, serializer, transportInfo }) => ({
      kind: 'service',
      id: serInstanceId,
      name: serName,
      version,
      state,
      serializer,
      ...(transportInfo?.type !== undefined && { transport: transportInfo.type }),
      ...(transportInfo?.endpoint?.uris[0] !== undefined && { endpoint: transportInfo.endpoint.uris[0] }),
    }));
