import type { Follower, FollowerList } from '../api/follower.ts';
import type { FerryClient } from './client.ts';
import { type Exit, exits } from './exits.ts';
import { legible } from './legible.ts';
import { endingIn } from './naming.ts';
import { everyPage } from './pages.ts';
import { Unnamed } from './problem.ts';
import { table } from './table.ts';
import { age, type Terminal } from './terminal.ts';

const PATH = '/v1/followers';
const one = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;

export async function follow(client: FerryClient, terminal: Terminal, request: object): Promise<Exit> {
  return told(terminal, await client.post<Follower>(PATH, request));
}

/** `name`: an id, or the end of one that runs; without it all of those are listed. */
export async function followers(client: FerryClient, terminal: Terminal, name: string | undefined): Promise<Exit> {
  if (name !== undefined) return told(terminal, await client.get<Follower>(one(await idOf(client, name))));
  const all = await running(client);
  if (terminal.json) terminal.list({ followers: all, next: null } satisfies FollowerList, all);
  else terminal.tell(all.length === 0 ? 'Nobody is followed.' : followerTable(all, terminal));
  return exits.done;
}

export async function unfollow(client: FerryClient, terminal: Terminal, name: string): Promise<Exit> {
  return told(terminal, await client.delete<Follower>(one(await idOf(client, name))));
}

const running = async (client: FerryClient): Promise<Follower[]> =>
  (await everyPage<FollowerList>(client, PATH)).flatMap((page) => page.followers);

const WHOLE = 25;

async function idOf(client: FerryClient, name: string): Promise<string> {
  if (name.length === WHOLE) return name;
  const id = endingIn(
    name,
    (await running(client)).map((each) => ({ id: each.id, about: subject(each) })),
  );
  if (id === undefined)
    throw new Unnamed(
      `no follower that runs is called ${name}: name one by its id, or by the end of it, as \`ferry followers\` shows it`,
    );
  return id;
}

function told(terminal: Terminal, now: Follower): Exit {
  if (terminal.json) terminal.document(now);
  else for (const line of lines(now, terminal)) terminal.tell(line);
  return exits.done;
}

const subject = ({ request: { application, user } }: Follower): string =>
  `${legible(application)} follows ${legible(user)}`;

const where = ({ network }: Follower): string => network ?? 'not seen';

function lines(now: Follower, { hints }: Terminal): string[] {
  const { id, request, state, site, dueAt, moves, relocation, anchor, trouble, result } = now;
  const { application, user, among } = request;
  const left = result?.left ?? null;
  return [
    `${legible(application)} follows ${legible(user)} among ${among.join(', ')}: ${state ?? 'no worker has answered'}`,
    now.endedAt === null
      ? `  the device: ${where(now)}; served at ${site ?? 'a site that is still looked for'}; its id is ${id}`
      : `  its id is ${id}`,
    ...(dueAt === null ? [] : [`  it is looked again at ${dueAt}`]),
    ...(moves === null
      ? []
      : [`  ${moves === 1 ? '1 move' : `${moves} moves`}${relocation === null ? '' : `, the last one ${relocation}`}`]),
    ...(anchor === null ? [] : [`  its device is led there by the anchor ${anchor}`]),
    ...(trouble === null ? [] : [`  ${legible(trouble)}`]),
    ...(left === null ? [] : [`  left at a location service until it runs out: ${legible(left)}`]),
    ...(now.endedAt === null && state !== 'ending' ? [`  \`${hints.command('unfollow', id)}\` ends it`] : []),
  ];
}

const SHORT = 8;

const followerTable = (all: readonly Follower[], terminal: Terminal): string =>
  table(
    ['id', 'application', 'user', 'device', 'since', 'served at', 'moves', 'state', 'trouble'],
    all.map((now) => [
      terminal.format === 'wide' ? now.id : now.id.slice(-SHORT),
      now.request.application,
      now.request.user,
      where(now),
      now.since === null ? '' : age(now.since),
      now.site ?? '',
      now.moves === null ? '' : String(now.moves),
      now.state ?? 'not known',
      now.trouble === null ? '' : legible(now.trouble),
    ]),
    terminal,
    { spare: ['moves', 'since'] },
  );
