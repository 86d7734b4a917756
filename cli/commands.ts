import type {
  FederationList,
  FederationWith,
  PeerList,
  Relocation,
  RelocationList,
  SystemList,
} from '../api/resources.ts';
import type { Action } from '../domain/actions.ts';
import type { FederationCommand } from '../domain/federation.ts';
import type { Plan, RelocationRequest } from '../domain/relocation.ts';
import type { FerryClient } from './client.ts';
import { type Exit, exits } from './exits.ts';
import { exitOf, follow } from './follow.ts';
import { planLines } from './plan-text.ts';
import { relocationLines, standing, subject } from './relocation-text.ts';
import { federationTable, peerTable, relocationTable, systemTable } from './table.ts';
import type { Terminal } from './terminal.ts';

/** What each command asks of the API, and shows. Each throws Refused or Unreachable. */

const one = (id: string, action = ''): string => `/v1/relocations/${encodeURIComponent(id)}${action}`;

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

/** Ctrl-C ends the watching; the relocation goes on. */
export async function watch(client: FerryClient, terminal: Terminal, id: string): Promise<Exit> {
  const relocation = await follow(client, id, terminal);
  if (terminal.json) terminal.document(relocation);
  else if (relocation.links.temporal !== null) terminal.tell(terminal.paint('dim', `  ${relocation.links.temporal}`));
  return exitOf(relocation);
}

export async function plan(
  client: FerryClient,
  terminal: Terminal,
  request: Partial<RelocationRequest>,
): Promise<Exit> {
  const planned = await client.post<Plan>('/v1/relocations?dryRun=true', request);
  if (terminal.json) terminal.document(planned);
  else for (const line of planLines(planned, terminal)) terminal.tell(line);
  return planned.possible ? exits.done : exits.notThrough;
}

export async function list(
  client: FerryClient,
  terminal: Terminal,
  filters: Record<string, string | undefined>,
): Promise<Exit> {
  const given = Object.entries(filters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const query = new URLSearchParams(given).toString();
  const answer = await client.get<RelocationList>(`/v1/relocations${query === '' ? '' : `?${query}`}`);
  if (terminal.json) terminal.document(answer);
  else if (answer.relocations.length === 0) terminal.tell('No relocations.');
  else {
    terminal.tell(relocationTable(answer.relocations));
    if (answer.next !== null) terminal.tell(terminal.paint('dim', 'There are older ones: --limit shows up to 100.'));
  }
  return exits.done;
}

export async function show(client: FerryClient, terminal: Terminal, id: string): Promise<Exit> {
  const relocation = await client.get<Relocation>(one(id));
  if (terminal.json) terminal.document(relocation);
  else for (const line of relocationLines(relocation, terminal)) terminal.tell(line);
  return exits.done;
}

export async function act(client: FerryClient, terminal: Terminal, action: Action, id: string): Promise<Exit> {
  const relocation = await client.post<Relocation>(one(id, `/${action}`));
  if (terminal.json) terminal.document(relocation);
  else terminal.tell(`${subject(relocation)}: ${standing(relocation)}`);
  return exits.done;
}

export async function peers(client: FerryClient, terminal: Terminal): Promise<Exit> {
  const answer = await client.get<PeerList>('/v1/peers');
  if (terminal.json) terminal.document(answer);
  else terminal.tell(peerTable(answer));
  return exits.done;
}

/** Every page of them: an operator asks for the members, not for a part. */
export async function systems(client: FerryClient, terminal: Terminal): Promise<Exit> {
  const first = await client.get<SystemList>('/v1/systems?limit=100');
  const all = [...first.systems];
  for (let { next } = first; next !== null; ) {
    const page = await client.get<SystemList>(next);
    all.push(...page.systems);
    ({ next } = page);
  }
  const whole = { ...first, systems: all, next: null };
  if (terminal.json) terminal.document(whole);
  else for (const line of systemLines(whole)) terminal.tell(line);
  return exits.done;
}

const systemLines = ({ systems: all, awaited, joinable }: SystemList): string[] => [
  all.length === 0 ? 'No systems.' : systemTable(all),
  ...awaited.map(({ system, client }) => `${system} has not been registered: its MEO does so as ${client}.`),
  ...joinable.map(({ partner, operator }) => `${partner} (${operator}) is joined once something is looked for.`),
];

export async function federations(client: FerryClient, terminal: Terminal): Promise<Exit> {
  const answer = await client.get<FederationList>('/v1/federations');
  if (terminal.json) terminal.document(answer);
  else
    terminal.tell(
      answer.federations.length === 0 ? 'No partners are configured.' : federationTable(answer.federations),
    );
  return exits.done;
}

export async function federate(
  client: FerryClient,
  terminal: Terminal,
  command: FederationCommand,
  { partner, direction }: { partner: string; direction: string | undefined },
): Promise<Exit> {
  const query = direction === undefined ? '' : `?direction=${direction}`;
  const path = `/v1/federations/${encodeURIComponent(partner)}/${command}${query}`;
  const federation = await client.post<FederationWith>(path);
  if (terminal.json) terminal.document(federation);
  else terminal.tell(federationTable([federation]));
  return exits.done;
}
