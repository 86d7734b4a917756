import type { Relocation, RelocationList } from '../api/resources.ts';
import type { Action } from '../domain/actions.ts';
import { RELOCATION_ID } from '../domain/identity.ts';
import { Name } from '../domain/name.ts';
import type { FerryClient } from './client.ts';
import { shortId } from './hints.ts';
import { pages } from './pages.ts';
import { Unnamed } from './problem.ts';
import { subject } from './relocation-text.ts';

/** Of a long list, so many are looked at for the end of an id. */
const LOOKED_AT = 2_000;

/** Ids end with that of a run, a UUID. */
const END = /^[0-9a-f-]{4,36}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface Known {
  readonly id: string;
  /** Which one it is, for a person. */
  readonly about: string;
}

/** What is shorter ends too many: a slip of the finger would command one. */
const SHORTEST = 4;

/** The whole id of the one that a person means by the end of it; undefined: none of these ends so. */
export function endingIn(name: string, known: readonly Known[]): string | undefined {
  const called = known.filter(({ id }) => id === name || (name.length >= SHORTEST && id.endsWith(name)));
  if (called.length > 1)
    throw new Unnamed(
      `${name} is the end of more than one id:\n${called.map(({ id, about }) => `  ${id}  ${about}`).join('\n')}`,
    );
  return called[0]?.id;
}

/** May it be the end of an id that ends with that of a run, and is no whole one? */
export const isEnd = (name: string): boolean => END.test(name) && !UUID.test(name);

/**
 * The id of the relocation that a person means: by its id, by its application, or by the end of its id. `action`: what he is
 * about to say to it.
 */
export async function resolved(client: FerryClient, name: string, action?: Action): Promise<string> {
  if (RELOCATION_ID.test(name)) return name;
  const newest = await ofApplication(client, name);
  if (newest === undefined) return (await endingWith(client, name)).id;
  if (action === undefined || newest.actions.includes(action)) return newest.id;
  if (isOver(newest))
    throw new Unnamed(
      `no relocation of ${name} runs, and ${action} is for one that does: the last one, ${shortId(newest.id)}, is ${newest.outcome ?? newest.state}`,
    );
  return ((await taking(client, name, action)) ?? newest).id; // of that the API says why it takes it not
}

const isOver = ({ state }: Relocation): boolean => state === 'ended' || state === 'terminated';

/** The newest of those that run which can take it. */
async function taking(client: FerryClient, application: string, action: Action): Promise<Relocation | undefined> {
  const filters = { application, state: 'running' };
  for await (const { relocations } of pages<RelocationList>(client, '/v1/relocations', {
    filters,
    atMost: LOOKED_AT,
  })) {
    const found = relocations.find(({ actions }) => actions.includes(action));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The newest that runs; when none does, the one that ended last: in this order the API tells them. */
async function ofApplication(client: FerryClient, application: string): Promise<Relocation | undefined> {
  if (!Name.safeParse(application).success) return undefined;
  for await (const { relocations } of pages<RelocationList>(client, '/v1/relocations', {
    filters: { application },
    atMost: 1,
  }))
    return relocations[0];
  return undefined;
}

async function endingWith(client: FerryClient, name: string): Promise<Relocation> {
  const called: Relocation[] = [];
  let unseen = false;
  if (END.test(name))
    for await (const { relocations, next } of pages<RelocationList>(client, '/v1/relocations', {
      filters: {},
      atMost: LOOKED_AT,
    })) {
      called.push(...relocations.filter(({ id }) => id.endsWith(name)));
      unseen = next !== null;
      if (called.length > 0 && name.length >= shortId(called[0]?.id ?? '').length) break;
    }
  endingIn(
    name,
    called.map((each) => ({ id: each.id, about: subject(each) })),
  );
  const [one] = called;
  if (one === undefined)
    throw new Unnamed(
      unseen
        ? `of the ${LOOKED_AT} relocations that are listed first none is called ${name}, and there are more: name one by its whole id`
        : `no relocation is called ${name}: name one by its id, by the end of it, or by its application`,
    );
  return one;
}
