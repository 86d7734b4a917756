import { z } from 'zod';
import type { Binding } from './binding.ts';
import { type AddressRecord, serveDns } from './dns.ts';

/** The public zone: one address for each name. */
export const Zone = z.record(
  z.string().min(1).toLowerCase(),
  z.strictObject({ address: z.ipv4(), ttl: z.int().nonnegative() }),
);
export type Zone = z.infer<typeof Zone>;

/** The authoritative server that resolvers ask for what no rule answers. */
export interface Upstream {
  readonly binding: Binding;
  zone(): Zone;
  replace(zone: Zone): void;
  close(): Promise<void>;
}

export async function serveUpstream(binding: Binding): Promise<Upstream> {
  let zone = new Map<string, AddressRecord>();
  const server = await serveDns('the upstream DNS server', binding, {
    authoritative: true,
    answers: async (name) => {
      const record = zone.get(name);
      return record && [record];
    },
  });
  return {
    binding,
    zone: () => Object.fromEntries(zone),
    replace: (next) => {
      zone = new Map(Object.entries(next));
    },
    close: async () => await server.close(),
  };
}
