import { failure } from '../failure.ts';
import { demand } from './choose-offer.ts';
import type { Binding, BindingNamed, BindingOver, ConsumingMeans, ExposedService, Exposure } from './consumption.ts';
import { step } from './step.ts';

export const exposing = (means: ConsumingMeans) => {
  const { bindings, paths, addressOf, exposure: known } = means;

  const exposureOf = ({ system, platform }: Binding): Exposure => {
    const exposure = known(system, platform);
    if (exposure === undefined)
      throw failure('UnknownName', `no site of the configuration is host ${platform} of ${system}`);
    return exposure;
  };

  return {
    /** 15: seen from our side, through both gateways to the producer's port. Nothing to undo: it looks. PathNotOpen. */
    confirmPath: async ({ binding: id }: BindingNamed): Promise<void> =>
      await step(async (signal) => {
        const { pathSecret } = await demand(means, id);
        if (pathSecret === null) throw failure('Unexpected', 'a binding of a consumer has an address');
        await paths.probe(pathSecret, signal);
      }),

    /** 15: applications find it at their own platform (MEC 011, Mp1). Looked for first; of two the same one is kept; read back. */
    exposeService: async ({ binding: id }: BindingNamed): Promise<void> =>
      await step(async (signal) => {
        const binding = await demand(means, id);
        const { name, what, offer, pathSecret } = binding;
        if (pathSecret === null || offer === null)
          throw failure('NothingFound', `${what.name} is not offered any more`);
        const exposure = exposureOf(binding);
        const { version, serializer } = offer;
        if ((await listed(exposure, name, signal)).length === 0)
          await exposure.expose(
            { binding: name, name: what.name, version, serializer, url: addressOf(pathSecret) },
            signal,
          );
        const [kept, ...others] = await listed(exposure, name, signal);
        if (kept === undefined)
          throw failure('NotYet', `${binding.platform} does not list ${what.name}, though it took it`);
        for (const other of others) await exposure.remove(other.id, signal);
        await bindings.exposed(id, kept.id);
      }),

    /** The undo of it. Each service of this binding is taken off, however many there are. */
    withdrawService: async ({ binding: id, why }: BindingOver): Promise<void> =>
      await step(async (signal) => {
        await bindings.close(id, why);
        const binding = await bindings.one(id);
        if (binding === null) return;
        const exposure = exposureOf(binding);
        for (const service of await listed(exposure, binding.name, signal)) await exposure.remove(service.id, signal);
        await bindings.exposed(id, null);
      }),
  };
};

/** Always in the same order, so that whoever looks at the same time keeps the same one. */
async function listed(exposure: Exposure, name: string, signal: AbortSignal): Promise<readonly ExposedService[]> {
  const all = await exposure.list(signal);
  return all.filter(({ binding }) => binding === name).toSorted((one, other) => (one.id < other.id ? -1 : 1));
}
