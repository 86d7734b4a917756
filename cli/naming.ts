import type { Relocation, RelocationList } from '../api/resources.ts';
import { RELOCATION_ID } from '../domain/identity.ts';
import type { FerryClient } from './client.ts';
import { shortId } from './hints.ts';
import { subject } from './relocation-text.ts';

/** Nothing, or more than one, is called so. */
export class Unnamed extends Error {}

const AT_MOST_PAGES = 20;

/** The id of the relocation that a person means: by its id, by the end of that, or by its application. */
export async function resolved(client: FerryClient, name: string): Promise<string> {
  if (RELOCATION_ID.test(name) || name.includes('.')) return name;
  const ending: Relocation[] = [];
  for await (const page of pages(client, AT_MOST_PAGES)) {
    ending.push(...page.filter(({ id }) => name.length >= 4 && id.endsWith(name)));
    const latest = page.find(({ request }) => request.application === name);
    if (ending.length === 0 && latest !== undefined) return latest.id;
    if (ending.length > 0 && name.length >= shortId(ending[0]?.id ?? '').length) break;
  }
  const [one, other] = ending;
  if (one === undefined)
    throw new Unnamed(`no relocation is called ${name}: name one by its id, by the end of it, or by its application`);
  if (other === undefined) return one.id;
  const lines = ending.map((each) => `  ${each.id}  ${subject(each)}`);
  throw new Unnamed(`${name} is the end of more than one id:\n${lines.join('\n')}`);
}

/** Those that run come first. */
async function* pages(client: FerryClient, atMost: number): AsyncGenerator<readonly Relocation[]> {
  let next: string | null = null;
  for (let page = 0; page < atMost && (page === 0 || next !== null); page += 1) {
    const query: string = next === null ? '' : `&next=${encodeURIComponent(next)}`;
    const list: RelocationList = await client.get<RelocationList>(`/v1/relocations?limit=100${query}`);
    yield list.relocations;
    ({ next } = list);
  }
}
