import type { Evacuation, EvacuationList } from '../api/evacuation.ts';
import { EVACUATION_ID } from '../domain/evacuation.ts';
import type { FerryClient } from './client.ts';
import { type Exit, exits } from './exits.ts';
import { shortId } from './hints.ts';
import { goesOn, untilInterrupted } from './interruption.ts';
import { legible } from './legible.ts';
import { looking, StillLine } from './looking.ts';
import { endingIn, isEnd } from './naming.ts';
import { everyPage } from './pages.ts';
import { Patience } from './patience.ts';
import { table, triedSoFar } from './table.ts';
import { seconds, type Terminal, when } from './terminal.ts';

const LOOK_MS = 1_000;

export const evacuationCommands = ['show', 'watch', 'pause', 'resume', 'cancel', 'resize', 'return'] as const;
export type EvacuationCommand = (typeof evacuationCommands)[number];

const PATH = '/v1/evacuations';
const one = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;

export async function evacuate(
  client: FerryClient,
  terminal: Terminal,
  request: object,
  { wait }: { wait: boolean },
): Promise<Exit> {
  const begun = await client.post<Evacuation>(PATH, request);
  if (wait) return await watch(client, terminal, begun.id, new Date());
  if (terminal.json) terminal.document(begun);
  else terminal.tell(begun.id);
  return exits.done;
}

export async function evacuations(client: FerryClient, terminal: Terminal): Promise<Exit> {
  const all = await everyEvacuation(client);
  if (terminal.json) terminal.list({ evacuations: all, next: null } satisfies EvacuationList, all);
  else terminal.tell(all.length === 0 ? 'No evacuations.' : evacuationTable(all, terminal));
  return exits.done;
}

/** `name`: of a site, whose latest it is; or its id, or the end of that. */
export async function say(
  client: FerryClient,
  terminal: Terminal,
  { command, site: name, window }: { command: EvacuationCommand; site: string; window: number | undefined },
): Promise<Exit> {
  const site = await idOf(client, name);
  if (command === 'return') {
    const back = await client.post<Evacuation>(`${one(site)}/return`, window === undefined ? {} : { window });
    return await watch(client, terminal, back.id, new Date());
  }
  if (command === 'watch') return await watch(client, terminal, site);
  const now = await said(client, command, site, window);
  if (terminal.json) terminal.document(now);
  else for (const line of lines(now, terminal)) terminal.tell(line);
  return exits.done;
}

/** A site is asked for as it is: the API knows which of its evacuations is the latest. */
async function idOf(client: FerryClient, name: string): Promise<string> {
  if (!isEnd(name)) return name;
  const known = (await everyEvacuation(client)).map((each) => ({ id: each.id, about: wayOf(each) }));
  return endingIn(name, known) ?? name;
}

const everyEvacuation = async (client: FerryClient): Promise<Evacuation[]> =>
  (await everyPage<EvacuationList>(client, PATH)).flatMap((page) => page.evacuations);

/** By which its relocations are found: by its id they are asked for also when it is not kept any more. */
export async function evacuationOf(client: FerryClient, name: string): Promise<string> {
  if (EVACUATION_ID.safeParse(name).success) return name;
  const { links } = await client.get<Evacuation>(one(await idOf(client, name)));
  return new URL(links.relocations, client.url).searchParams.get('evacuation') ?? name;
}

async function said(
  client: FerryClient,
  command: EvacuationCommand,
  site: string,
  window?: number,
): Promise<Evacuation> {
  if (command === 'show') return await client.get<Evacuation>(one(site));
  if (command === 'resize') return await client.patch<Evacuation>(one(site), { window });
  return await client.post<Evacuation>(`${one(site)}/${command}`);
}

/** Ctrl-C ends the watching; the evacuation goes on. */
async function watch(client: FerryClient, terminal: Terminal, id: string, answeredAt?: Date): Promise<Exit> {
  const patience = new Patience(terminal, client, answeredAt);
  const ended = await untilInterrupted(async (signal) => await follow(client, terminal, id, patience, signal));
  if (ended === 'interrupted')
    return goesOn(terminal, [terminal.hints.command('evacuations', 'watch', id), 'follows it']);
  if (terminal.json) terminal.document(ended);
  else for (const line of lines(ended, terminal)) terminal.tell(line);
  return ended.outcome === 'evacuated' || ended.outcome === 'returned' ? exits.done : exits.notThrough;
}

/** Looks until it has ended: a line for each failure, for whatever a person has to act on, and one that tells how far it is. */
async function follow(
  client: FerryClient,
  terminal: Terminal,
  id: string,
  patience: Patience,
  signal: AbortSignal,
): Promise<Evacuation> {
  let of = id; // by its site: the same one to its end
  let told = 0;
  let last: Turned = { state: 'working', rests: false };
  const line = new StillLine(terminal);
  const see = (now: Evacuation): boolean => {
    of = now.id;
    if (now.endedAt !== null) return true;
    for (const failure of now.failures.slice(told)) terminal.tell(failureLine(failure));
    told = Math.max(told, now.failures.length);
    last = turned(now, last, terminal);
    line.show(`${wayOf(now)}: ${standing(now)}`);
    return false;
  };
  const look = async () => await client.get<Evacuation>(one(of));
  return await looking(look, see, { everyMs: LOOK_MS, patience, signal });
}

interface Turned {
  readonly state: Evacuation['state'];
  /** Does any of its relocations wait for a person? */
  readonly rests: boolean;
}

/** Somebody may have paused it before it is watched, and what waits for a person is not waited for by looking on. */
function turned(now: Evacuation, last: Turned, terminal: Terminal): Turned {
  const { state, counts } = now;
  const rests = (counts?.resting ?? 0) > 0;
  const isNew = state !== last.state;
  if (state === 'paused' && isNew)
    terminal.tell(`  paused: ${terminal.hints.command('evacuations', 'resume', nameOf(now))}`);
  if (state === 'cancelling' && isNew) terminal.tell('  cancelling: what is under way goes on to its end');
  if (rests && !last.rests) for (const line of openLines(now, terminal)) terminal.tell(line);
  return { state, rests };
}

export function standing({ state, waitingFor, outcome }: Evacuation): string {
  if (outcome !== null || waitingFor === null) return outcome ?? state;
  const told = [waitingFor.what, ...triedSoFar(waitingFor)].join('; ');
  return state === 'working' ? told : `${state}: ${told}`;
}

const wayOf = ({ request: { site, among = [] }, returns }: Evacuation): string =>
  returns === null ? `${site} → ${among.join(', ')}` : `${among.join(', ')} → ${site} (return)`;

/** Of each kind of failure it is said once what to do. */
const remedies = ({ failures }: Evacuation): string[] =>
  [...new Map(failures.map(({ failure, remedy }) => [failure, remedy]))].map(
    ([type, remedy]) => `  ${type}: ${remedy}`,
  );

const failureLine = ({
  application,
  users,
  target,
  failure,
  message,
  relocation,
}: Evacuation['failures'][number]): string =>
  `  ${legible(application)}, ${users === '*' ? 'all users' : legible(users)} → ${target ?? '-'}: ${failure}: ${legible(message)}${relocation === null ? '' : ` (${relocation})`}`;

/** By which it is called: a site's own is its latest. */
const nameOf = ({ id, request, returns }: Evacuation): string => (returns === null ? request.site : id);

/** Those that wait may have been begun by somebody else: standbys, and what is held for an approval. */
function openLines({ counts }: Evacuation, { hints }: Terminal): string[] {
  if (counts === null || counts.underWay === 0) return [];
  const { underWay, resting } = counts;
  const seen = resting === 0 ? '' : `: \`${hints.command('list', '--waiting')}\``;
  return [`  ${underWay} under way, ${resting} of them wait for a person${seen}`];
}

function countLines({ counts, endedAt, returns }: Evacuation): string[] {
  if (counts === null) return [];
  const { total, moved, failed, left } = counts;
  if (total === 0 && endedAt !== null)
    return [returns === null ? '  nothing was there to be moved' : '  nothing was left to be brought back'];
  return [`  ${moved} of ${total} moved, ${failed} failed, ${left} not begun`];
}

function lines(now: Evacuation, terminal: Terminal): string[] {
  const { hints } = terminal;
  const { id, counts, failures, window, startedAt, endedAt, actions } = now;
  const took = endedAt === null ? '' : ` after ${seconds(Date.parse(endedAt) - Date.parse(startedAt))}`;
  return [
    `${wayOf(now)}: ${standing(now)}${took}`,
    `  ${window} at once; its id is ${id}`,
    ...countLines(now),
    ...openLines(now, terminal),
    ...failures.map(failureLine),
    ...remedies(now),
    ...(counts !== null && counts.failed > failures.length
      ? [`  and ${counts.failed - failures.length} more: ${hints.command('list', '--evacuation', id)}`]
      : []),
    ...actions.map((action) => `  \`${hints.command('evacuations', action, nameOf(now))}\``),
  ];
}

const among = ({ among: sites = [] }: Evacuation['request']): string => sites.join(',');

const evacuationTable = (all: readonly Evacuation[], terminal: Terminal): string =>
  table(
    ['from', 'to', 'state', 'at once', 'begun', 'moved', 'failed', 'id'],
    all.map(({ id, request, returns, state, outcome, window, startedAt, counts }) => [
      ...(returns === null ? [request.site, among(request)] : [among(request), request.site]),
      outcome ?? state,
      String(window),
      when(startedAt, terminal),
      counts === null ? '-' : `${counts.moved}/${counts.total}`,
      counts === null ? '-' : String(counts.failed),
      terminal.format === 'wide' ? id : shortId(id),
    ]),
    terminal,
    { spare: ['at once', 'begun'] },
  );
