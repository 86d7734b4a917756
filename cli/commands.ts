import type { Waiting, WaitingList } from '../api/northbound/table/waiting.ts';
import type { Relocation, RelocationList } from '../api/resources.ts';
import type { Action } from '../domain/actions.ts';
import { stepNames } from '../domain/steps.ts';
import type { Plan, RelocationRequest } from '../domain/relocation.ts';
import type { FerryClient } from './client.ts';
import { type Exit, exits } from './exits.ts';
import { exitOf, follow, reaches, rests } from './follow.ts';
import { followAll } from './follow-all.ts';
import { pages } from './pages.ts';
import { planLines } from './plan-text.ts';
import { goesOn, untilInterrupted } from './interruption.ts';
import { nextLines, relocationLines, standing, subject } from './relocation-text.ts';
import { relocationTable, waitingTable } from './table.ts';
import type { Terminal } from './terminal.ts';

/** What each command asks of the API, and shows. Each throws Refused or Unreachable. */

const RELOCATIONS = '/v1/relocations';
const one = (id: string, action = ''): string => `${RELOCATIONS}/${encodeURIComponent(id)}${action}`;

export async function relocate(
  client: FerryClient,
  terminal: Terminal,
  request: Partial<RelocationRequest>,
  { key, wait }: { key: string | undefined; wait: boolean },
): Promise<Exit> {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  const relocation = await client.post<Relocation>('/v1/relocations', request, headers);
  if (wait) {
    terminal.tell(terminal.paint('dim', relocation.id));
    return await watch(client, terminal, relocation.id);
  }
  if (terminal.json) terminal.document(relocation);
  else terminal.tell(relocation.id);
  return exits.done;
}

/** The way home of what one has moved. */
export async function moveBack(client: FerryClient, terminal: Terminal, id: string): Promise<Exit> {
  const back = await client.post<Relocation>(one(id, '/return'), {});
  terminal.tell(terminal.paint('dim', back.id));
  const { endedAt, request } = back;
  if (endedAt !== null)
    terminal.tell(
      `It was returned before, until ${endedAt}, and nothing moves now. What has moved there again since is brought back ` +
        `by \`ferry relocate ${request.application} ${request.source} ${request.target}\`.`,
    );
  return await watch(client, terminal, back.id);
}

/** Until the standby is ready; it goes on being kept warm. */
export async function protect(
  client: FerryClient,
  terminal: Terminal,
  request: Partial<RelocationRequest>,
  key: string | undefined,
): Promise<Exit> {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  const { id } = await client.post<Relocation>('/v1/relocations', request, headers);
  terminal.tell(terminal.paint('dim', id));
  const relocation = await untilInterrupted(
    async (signal) => await follow(client, id, terminal, { signal, rest: (now) => now.state === 'held' || rests(now) }),
  );
  if (relocation === 'interrupted') return followedNoMore(terminal, id);
  if (terminal.json) terminal.document(relocation);
  return relocation.state === 'held' ? exits.done : exitOf(relocation);
}

/** `last`: as it was heard of last; after the hand-over nothing takes it back. */
const followedNoMore = (terminal: Terminal, id: string, last?: Relocation): Exit =>
  goesOn(
    terminal,
    [terminal.hints.about('watch', id), 'follows it'],
    ...(last === undefined || last.actions.includes('cancel')
      ? [[terminal.hints.about('cancel', id), 'takes it back'] as const]
      : []),
  );

/** Ctrl-C ends the watching; the relocation goes on. `until`: a state at which the watching ends as well. */
export async function watch(
  client: FerryClient,
  terminal: Terminal,
  id: string,
  until?: Relocation['state'],
): Promise<Exit> {
  let last: Relocation | undefined;
  const told = (now: Relocation): void => void (last = now);
  const relocation = await untilInterrupted(
    async (signal) =>
      await follow(client, id, terminal, { signal, told, ...(until !== undefined && { rest: reaches(until) }) }),
  );
  if (relocation === 'interrupted') return followedNoMore(terminal, id, last);
  if (terminal.format === 'json') terminal.document(relocation);
  else if (!terminal.json && relocation.links.temporal !== null)
    terminal.tell(terminal.paint('dim', `  ${relocation.links.temporal}`));
  if (until === undefined) return exitOf(relocation);
  if (relocation.state !== until) {
    terminal.tell(`It will not be ${until} any more: it is ${relocation.state}.`);
    return exits.notThrough;
  }
  return until === 'ended' ? exitOf(relocation) : exits.done;
}

/** Ends with Ctrl-C alone, or an API that stays away. */
export async function watchAll(client: FerryClient, terminal: Terminal): Promise<Exit> {
  await untilInterrupted(async (signal) => await followAll(client, terminal, signal));
  return exits.interrupted;
}

export async function plan(
  client: FerryClient,
  terminal: Terminal,
  request: Partial<RelocationRequest>,
): Promise<Exit> {
  const planned = await client.post<Plan>('/v1/plans', request);
  if (terminal.json) terminal.document(planned);
  else for (const line of planLines(planned, terminal)) terminal.tell(line);
  return planned.possible ? exits.done : exits.notThrough;
}

export async function list(
  client: FerryClient,
  terminal: Terminal,
  filters: Record<string, string | undefined>,
  limit: number | undefined,
): Promise<Exit> {
  const told: Relocation[] = [];
  let more: string | null = null;
  for await (const { relocations, next } of pages<RelocationList>(client, RELOCATIONS, { filters, atMost: limit })) {
    told.push(...relocations);
    more = next;
  }
  const answer: RelocationList = { relocations: told, next: more };
  if (terminal.json) terminal.list(answer, told);
  else if (answer.relocations.length === 0) terminal.tell('No relocations.');
  else {
    terminal.tell(relocationTable(answer.relocations, terminal));
    if (answer.next !== null) terminal.tell(moreThan(told.length, terminal));
  }
  return exits.done;
}

/** Of every kind, in one look. */
export async function listWaiting(
  client: FerryClient,
  terminal: Terminal,
  filters: Record<string, string | undefined>,
  atMost: number | undefined,
): Promise<Exit> {
  const waiting: Waiting[] = [];
  let more: string | null = null;
  for await (const page of pages<WaitingList>(client, '/v1/waiting', { filters, atMost })) {
    waiting.push(...page.waiting);
    more = page.next;
  }
  if (terminal.json) terminal.list({ waiting, next: more } satisfies WaitingList, waiting);
  else if (waiting.length === 0) terminal.tell('Nothing waits for a person.');
  else {
    terminal.tell(waitingTable(waiting, terminal));
    if (more !== null) terminal.tell(moreThan(waiting.length, terminal));
  }
  return exits.done;
}

const moreThan = (shown: number, terminal: Terminal): string =>
  terminal.paint('dim', `There are more: --limit ${Math.max(100, 2 * shown)} shows so many.`);

export async function show(client: FerryClient, terminal: Terminal, id: string): Promise<Exit> {
  const relocation = await client.get<Relocation>(one(id));
  if (terminal.json) terminal.document(relocation);
  else for (const line of relocationLines(relocation, terminal)) terminal.tell(line);
  return exits.done;
}

const afterWait: readonly Action[] = ['approve', 'resume'];

export async function act(
  client: FerryClient,
  terminal: Terminal,
  action: Action,
  id: string,
  body?: object,
): Promise<Exit> {
  const relocation = await client.post<Relocation>(one(id, `/${action}`), body);
  if (terminal.json) terminal.document(relocation);
  else {
    terminal.tell(`${subject(relocation)}: ${standing(relocation)}`);
    if (afterWait.includes(action) && relocation.state === 'working' && relocation.step === stepNames[0])
      terminal.tell('  It has waited, and the world may have changed: each step is verified anew, from the first on.');
    for (const line of nextLines(relocation, terminal)) terminal.tell(`  ${line}`);
  }
  return exits.done;
}
