import { z } from 'zod';

/** Of an application descriptor (MEC 010-2, 6.2.1.2) what decides how devices are led to its instances, and what it needs. */
export const AppD = z.object({
  appDNSRule: z
    .array(z.object({ domainName: z.string() }))
    .nullish()
    .transform((rules) => rules ?? []),
  appTrafficRule: z
    .array(
      z.object({
        trafficFilter: z
          .array(z.record(z.string(), z.unknown()))
          .nullish()
          .transform((filters) => filters ?? []),
      }),
    )
    .nullish()
    .transform((rules) => rules ?? []),
  appServiceRequired: z
    .array(z.object({ serName: z.string() }))
    .nullish()
    .transform((services) => services ?? []),
});
export type AppD = z.infer<typeof AppD>;
