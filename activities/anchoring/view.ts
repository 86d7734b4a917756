import type { Application, Instance, Network, Site, Vantage } from '../ports.ts';
import { failure } from '../failure.ts';
import type { Means } from '../relocation/subject.ts';

/** What a device there would not see yet of being led to that instance; empty: it is. Every address that it may be given counts. */
export async function notLedTo(
  vantage: Vantage,
  { domainName, port }: Application,
  device: string | null,
  instance: Pick<Instance, 'id'>,
  signal: AbortSignal,
): Promise<string> {
  const { addresses } = await vantage.resolve(domainName, signal);
  if (addresses.length === 0) return `${domainName} does not resolve`;
  for (const host of addresses) {
    const answering = await vantage.answering({ host, port }, device, signal);
    if (answering.who !== 'instance' || answering.id !== instance.id)
      return `${domainName} leads ${answering.who === 'nobody' ? 'to nobody' : 'elsewhere'}, and not to instance ${instance.id}`;
  }
  return '';
}

/** An access network of the configuration, with the sites that steer its devices. */
export async function networkNamed(
  { catalogue }: Means,
  name: string,
): Promise<{ readonly network: Network; readonly sites: readonly Site[] }> {
  const sites = (await catalogue.sites()).filter(({ network }) => network?.name === name);
  const network = sites[0]?.network;
  if (network === undefined) throw failure('UnknownName', `no site steers an access network ${name}`);
  return { network, sites };
}
