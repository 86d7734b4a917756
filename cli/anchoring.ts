import type { Anchor, AnchorAction, AnchorList } from '../api/anchor.ts';
import type { AnchorRequest } from '../domain/anchor-request.ts';
import type { FerryClient } from './client.ts';
import { type Exit, exits } from './exits.ts';
import { shortId } from './hints.ts';
import { goesOn, untilInterrupted } from './interruption.ts';
import { legible } from './legible.ts';
import { looking, StillLine } from './looking.ts';
import { endingIn } from './naming.ts';
import { Patience } from './patience.ts';
import { Unnamed } from './problem.ts';
import { table, waits } from './table.ts';
import { age, type Terminal } from './terminal.ts';

const LOOK_MS = 500;
const PATH = '/v1/anchors';
const one = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;

export async function anchor(
  client: FerryClient,
  terminal: Terminal,
  request: Partial<AnchorRequest>,
  { wait }: { wait: boolean },
): Promise<Exit> {
  const begun = await client.post<Anchor>(PATH, request);
  return await shown(client, terminal, begun, wait, isMade);
}

export async function anchors(client: FerryClient, terminal: Terminal, atMost: number): Promise<Exit> {
  const answer = await listed(client, atMost);
  if (terminal.json) terminal.list(answer, answer.anchors);
  else if (answer.anchors.length === 0) terminal.tell('No anchors.');
  else terminal.tell(anchorTable(answer.anchors, terminal));
  return exits.done;
}

/** `name`: its id, or the end of it. */
export async function anchorAct(
  client: FerryClient,
  terminal: Terminal,
  { action, name, wait }: { action: AnchorAction | 'show'; name: string; wait: boolean },
): Promise<Exit> {
  const id = await idOf(client, name);
  if (action === 'show') return await shown(client, terminal, await client.get<Anchor>(one(id)), false, () => false);
  const told = await client.post<Anchor>(`${one(id)}/${action}`);
  return await shown(client, terminal, told, wait, isGoing);
}

/** No worker has answered yet how it is. */
const isUnheard = ({ state, endedAt }: Anchor): boolean => state === null && endedAt === null;

const isMade = (now: Anchor): boolean => isUnheard(now) || now.state === 'making';
/** It is told to hold until its worker has heard that it is released. */
const isGoing = (now: Anchor): boolean => isUnheard(now) || now.state === 'releasing' || now.state === 'holds';

async function listed(client: FerryClient, atMost: number): Promise<AnchorList> {
  const anchorsSeen: Anchor[] = [];
  let next: string | null = null;
  do {
    const asked = new URLSearchParams({ limit: String(Math.min(100, atMost - anchorsSeen.length)) });
    if (next !== null) asked.set('next', next);
    const page: AnchorList = await client.get<AnchorList>(`${PATH}?${asked.toString()}`);
    anchorsSeen.push(...page.anchors);
    ({ next } = page);
  } while (next !== null && anchorsSeen.length < atMost);
  return { anchors: anchorsSeen, next };
}

const LOOKED_AT = 1_000;

async function idOf(client: FerryClient, name: string): Promise<string> {
  if (name.includes('.')) return name;
  const known = (await listed(client, LOOKED_AT)).anchors;
  const id = endingIn(
    name,
    known.map((each) => ({ id: each.id, about: subject(each) })),
  );
  if (id === undefined)
    throw new Unnamed(
      `no anchor is called ${name}: name one by its id, or by the end of it, as \`ferry anchors\` shows it`,
    );
  return id;
}

/** Follows it while it is on its way. Ctrl-C ends that; the anchor goes on. */
async function shown(
  client: FerryClient,
  terminal: Terminal,
  first: Anchor,
  wait: boolean,
  onItsWay: (now: Anchor) => boolean,
): Promise<Exit> {
  let now = first;
  const followed = await untilInterrupted(async (signal) => {
    if (!wait || !onItsWay(now)) return now;
    const line = new StillLine(terminal);
    const see = (seen: Anchor): boolean => {
      now = seen;
      line.show(`${subject(now)}: ${standing(now)}`);
      return !onItsWay(now);
    };
    const patience = new Patience(terminal, client, new Date());
    const look = async () => await client.get<Anchor>(one(now.id));
    return await looking(look, see, { everyMs: LOOK_MS, patience, signal });
  });
  if (followed === 'interrupted') {
    const about = (word: 'show' | 'release'): string => terminal.hints.command('anchor', word, shortId(now.id));
    return goesOn(terminal, [about('show'), 'tells how it stands'], [about('release'), 'ends it']);
  }
  if (terminal.json) terminal.document(now);
  else for (const line of lines(now, terminal)) terminal.tell(line);
  return exitOf(now);
}

function exitOf({ state, result }: Anchor): Exit {
  if (result !== null)
    return result.outcome === 'released' && result.leftovers.length === 0 ? exits.done : exits.notThrough;
  if (state === 'parked') return exits.parked;
  return state === 'terminated' ? exits.notThrough : exits.done;
}

const whose = (users: string): string => (users === '*' ? 'all users' : legible(users));

const subject = ({ request: { application, users, network }, source }: Anchor): string =>
  `${legible(application)}, ${whose(users)}: ${network} → ${source}`;

const standing = ({ state, result, waitingFor }: Anchor): string =>
  [result?.outcome ?? state ?? 'not known', ...(waitingFor === null ? [] : [legible(waits(waitingFor))])].join(': ');

const ways = {
  network: 'the network leads there by itself',
  rule: 'by rules of an instance there',
  holder: 'by rules of an instance made for it',
} as const;

const does: Readonly<Record<AnchorAction, string>> = {
  release: 'ends it',
  retry: 'tries again',
  abandon: 'gives it up as it is',
};

function lines(now: Anchor, { hints }: Terminal): string[] {
  const { id, request, way, holder, relayed, observed, exposed, lacking, trouble, result, actions, endedAt } = now;
  return [
    `${subject(now)}: ${standing(now)}`,
    ...(way === null || endedAt !== null
      ? []
      : [`  ${ways[way]}${holder === null ? '' : ` (${holder.instance} at ${holder.site})`}`]),
    ...(relayed ? [`  ${request.network} cannot reach the source: the holder relays`] : []),
    ...(way !== null && !observed ? [`  ${request.network} has no vantage point: not observed`] : []),
    ...(lacking > 0 ? [`  ${exposed} subscriptions exposed, ${lacking} not: there is no such service`] : []),
    ...(trouble === null ? [] : [`  ${legible(trouble)}`]),
    ...(result?.failure == null
      ? []
      : [`  ${result.failure.type}: ${legible(result.failure.message)}`, `  ${result.failure.remedy}`]),
    ...(result?.leftovers ?? []).map(({ undo, type, message }) => `  left: ${undo}: ${type}: ${legible(message)}`),
    ...actions.map((action) => `  \`${hints.command('anchor', action, shortId(id))}\` ${does[action]}`),
  ];
}

const anchorTable = (all: readonly Anchor[], terminal: Terminal): string =>
  table(
    ['id', 'application', 'users', 'network', 'source', 'by', 'state', 'for', 'waits for'],
    all.map(({ id, request, source, way, holder, state, result, startedAt, waitingFor }) => [
      terminal.format === 'wide' ? id : shortId(id),
      request.application,
      request.users === '*' ? 'all' : request.users,
      request.network,
      source,
      holder?.site ?? way ?? '',
      result?.outcome ?? state ?? 'not known',
      result === null ? age(startedAt) : '',
      waitingFor === null ? '' : legible(waits(waitingFor)),
    ]),
    terminal,
    { spare: ['for', 'by', 'users'] },
  );
