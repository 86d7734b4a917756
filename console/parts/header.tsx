import type { Picture } from '../known/known.ts';
import { timeOf } from '../words.ts';

/** Whose page this is, and whether what it shows is so now. */
export function Header({ picture }: { readonly picture: Picture }) {
  const { tone, word, detail } = currentOf(picture);
  return (
    <header>
      <h1>
        <img src={new URL('../ferry.svg', import.meta.url).href} alt="" width="28" height="28" /> Ferry
      </h1>
      <p class={`link ${tone}`} role="status">
        <i aria-hidden="true" />
        <b>{word}</b>
        {detail !== null && <span>{detail}</span>}
      </p>
      <nav aria-label="More">
        <a href="/docs">API</a>
      </nav>
    </header>
  );
}

function currentOf({ link, heardAt, sources }: Picture): { tone: string; word: string; detail: string | null } {
  if (link === 'lost')
    return {
      tone: 'bad',
      word: 'Ferry does not answer',
      detail: heardAt === null ? 'it was never heard' : `shown is what was told until ${timeOf(heardAt)}`,
    };
  if (sources === null) return { tone: 'dim', word: 'Looking', detail: null };
  const { temporal, catalogue } = sources;
  if (temporal?.answers === false)
    return {
      tone: 'bad',
      word: 'Temporal does not answer',
      detail: `moves are shown as they were at ${timeOf(temporal.since)}`,
    };
  if (catalogue?.answers === false)
    return {
      tone: 'waits',
      word: 'The database does not answer',
      detail: `partners are shown as they were at ${timeOf(catalogue.since)}`,
    };
  return { tone: 'good', word: 'Live', detail: null };
}
