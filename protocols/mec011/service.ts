import { z } from 'zod';

/** MEC 011, service management: what is asked of a service before an application is brought to its platform. */
export const services = '/mec_service_mgmt/v1/services';

export const ServiceInfo = z.object({
  serName: z.string(),
  state: z.string(),
  /** Absent: it is. */
  isLocal: z.boolean().nullish().catch(undefined),
});
export type ServiceInfo = z.infer<typeof ServiceInfo>;

/** Those that one application instance offers. */
export const servicesOf = (instance: string): string =>
  `/mec_service_mgmt/v1/applications/${encodeURIComponent(instance)}/services`;

/** What a database keeps (domain/kept.ts). */
const Line = z.string().regex(/^[^\0\p{Cs}\ufffd]*$/u);
const text = Line.min(1).nullish().catch(undefined);

/** What is told of a service that others may consume. Whatever else is odd in it is passed over. */
export const OfferedService = z.object({
  serInstanceId: Line.min(1).max(255),
  serName: Line.min(1).max(255),
  version: Line.max(255).catch(''),
  state: z.enum(['ACTIVE', 'INACTIVE', 'SUSPENDED']),
  serializer: text,
  serCategory: z.object({ name: text }).nullish().catch(undefined),
  transportInfo: z
    .object({
      type: text,
      endpoint: z
        .object({ uris: z.array(Line).nullish().catch(undefined) })
        .nullish()
        .catch(undefined),
    })
    .nullish()
    .catch(undefined),
  /** Absent: it is (8.1.2.2). */
  consumedLocalOnly: z.boolean().nullish().catch(undefined),
  isLocal: z.boolean().nullish().catch(undefined),
});
export type OfferedService = z.infer<typeof OfferedService>;
