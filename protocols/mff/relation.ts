import { z } from 'zod';
import { OperatorId, wills } from '../../domain/federation.ts';

/** Our extension of Mff-fed, as it is served (GR MEC 035, 5.1.2 level 1, 6.2.2 (f)). */

/** Of what is spoken below `/mff/v1`; it grows with what may be left out. */
export const VERSION = '1.0';

export const Relation = z
  .object({
    operator: OperatorId,
    role: z.enum(['manager', 'broker']),
    will: z.enum(wills).meta({ description: 'What this operator wants of your use of it.' }),
    since: z.iso.datetime(),
    version: z.string(),
    assurance: z.array(z.enum(['charging', 'monitoring'])),
    gateway: z
      .url()
      .optional()
      .meta({ description: 'Where your gateway reaches ours (`/mpp/v1`); absent: no service is consumed.' }),
    systemsTag: z
      .string()
      .meta({ description: 'Changes whenever a system that you may see does: the ETag of `systems`.' }),
    zonesTag: z
      .string()
      .meta({ description: 'Changes whenever a zone that you are offered does: then ask E/WBI `GET /{ctx}/partner`.' }),
    validSeconds: z.int().positive().meta({ description: 'So long what is told here holds.' }),
  })
  .meta({ id: 'Relation' });
export type Relation = z.infer<typeof Relation>;

export const SharedSystem = z
  .object({
    system: z.uuid().meta({ description: 'Its id under this very agreement.' }),
    name: z.string(),
    provider: z.string(),
    operator: z.string(),
    meo: z.uuid().optional().meta({ description: 'Whom to ask for its orchestrator: absent where that is not told.' }),
  })
  .meta({ id: 'SharedSystem' });
export type SharedSystem = z.infer<typeof SharedSystem>;

export const SharedSystems = z.array(SharedSystem).meta({ id: 'SharedSystems' });
