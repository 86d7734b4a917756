import type { ApplicationSeen } from '../../api/resources.ts';

interface Props {
  readonly network: string;
  readonly applications: Iterable<ApplicationSeen>;
}

/** Devices of an access network that are led to where an application is (anchors). */
export function Led({ network, applications }: Props) {
  const all = [...applications];
  const lines = all.flatMap(({ name, led }) =>
    (led ?? []).flatMap((one) => (one.network === network ? [{ name, one }] : [])),
  );
  const unknown = all.some(({ led }) => led === null);
  if (lines.length === 0 && !unknown) return null;
  return (
    <ul class="led" aria-label={`Led out of ${network}`}>
      {lines.map(({ name, one }) => (
        <li key={`${name} ${one.site} ${one.instance} ${one.holder?.instance}`}>
          <span>{name}</span> <small>{howLed(one)}</small>
        </li>
      ))}
      {unknown && (
        <li>
          <small>who is led elsewhere is not known: Temporal's index does not answer</small>
        </li>
      )}
    </ul>
  );
}

function howLed({
  site,
  way,
  holder,
  relayed,
  everybody,
  anchors,
}: NonNullable<ApplicationSeen['led']>[number]): string {
  const whom = everybody ? 'all devices' : anchors === 1 ? 'one device' : `${anchors} devices`;
  if (way === null) return `anchor to ${site}, which does not lead yet`;
  if (holder === null) return `${whom} led to ${site}, by the network itself`;
  return `${whom} ${relayed ? 'relayed' : 'led'} to ${site} ${relayed ? 'by' : 'through'} ${holder.site}`;
}
