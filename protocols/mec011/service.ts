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
