import type { FederationDirection, FederationWith } from '../../api/resources.ts';

/** Other operators, at the border of what is ours. */
export function Partners({ partners }: { readonly partners: readonly FederationWith[] }) {
  return (
    <section class="partners" aria-label="Partners">
      {partners.map(({ partner, uses, serves }) => (
        <article key={partner} class={`cloud ${toneOf(uses, serves)}`}>
          <h3>{partner}</h3>
          <dl>
            <dt>we use them</dt>
            <dd>{word(uses)}</dd>
            <dt>they use us</dt>
            <dd>{word(serves)}</dd>
          </dl>
          {(uses.problem ?? serves.problem) !== null && <p>{uses.problem ?? serves.problem}</p>}
        </article>
      ))}
    </section>
  );
}

const toneOf = (uses: FederationDirection, serves: FederationDirection): string =>
  uses.usable && serves.usable
    ? 'good'
    : uses.usable || serves.usable || uses.agreed || serves.agreed
      ? 'waits'
      : 'dim';

function word({ ours, theirs, agreed, usable, silentSince }: FederationDirection): string {
  if (usable) return 'yes';
  if (ours === 'suspended') return 'suspended by us';
  if (ours === 'ended') return 'no';
  if (theirs === 'suspended') return 'suspended by them';
  if (silentSince !== null) return 'silent';
  return agreed ? 'not yet' : 'no agreement';
}
