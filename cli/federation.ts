import type { FederationDirection, FederationList, FederationWith, SystemList } from '../api/resources.ts';
import { type Direction, directions, type FederationCommand } from '../domain/federation.ts';
import type { FerryClient } from './client.ts';
import { type Exit, exits } from './exits.ts';
import { legible } from './legible.ts';
import { everyPage } from './pages.ts';
import { table } from './table.ts';
import { type Terminal, when } from './terminal.ts';

/** Every page of them: an operator asks for the members, not for a part. */
export async function systems(client: FerryClient, terminal: Terminal): Promise<Exit> {
  const asked = await everyPage<SystemList>(client, '/v1/systems');
  const all = asked.flatMap((page) => page.systems);
  const [{ awaited, joinable } = { awaited: [], joinable: [] }] = asked;
  const whole: SystemList = { systems: all, awaited, joinable, next: null };
  if (terminal.json) terminal.list(whole, all);
  else for (const line of systemLines(whole, terminal)) terminal.tell(line);
  return exits.done;
}

const systemLines = ({ systems: all, awaited, joinable }: SystemList, terminal: Terminal): string[] => [
  all.length === 0 ? 'No systems.' : systemTable(all, terminal),
  ...awaited.map(({ system, client }) => `${system} has not been registered: its MEO does so as ${client}.`),
  ...joinable.map(({ partner, operator }) => `${partner} (${operator}) is joined once something is looked for.`),
];

/** What was agreed, and our operator wants, can be used. */
const stands = ({ ours, agreed, usable }: FederationDirection): boolean => ours !== 'open' || !agreed || usable;

export async function federations(client: FerryClient, terminal: Terminal): Promise<Exit> {
  const answer = await client.get<FederationList>('/v1/federations');
  if (terminal.json) terminal.list(answer, answer.federations);
  else
    terminal.tell(
      answer.federations.length === 0 ? 'No partners are configured.' : federationTable(answer.federations, terminal),
    );
  return answer.federations.every(({ uses, serves }) => stands(uses) && stands(serves)) ? exits.done : exits.notThrough;
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
  else {
    terminal.tell(federationTable([federation], terminal));
    for (const each of directions)
      if (direction === undefined || direction === each) terminal.tell(nextLine(federation, each, terminal));
  }
  return exits.done;
}

/** What became of our will in this direction, and what happens next by itself, or by whom. */
function nextLine({ partner, ...federation }: FederationWith, direction: Direction, { hints }: Terminal): string {
  const { ours, theirs, agreed, usable, problem } = federation[direction];
  const what = direction === 'uses' ? `our use of ${partner}` : `use by ${partner}`;
  const back = (command: FederationCommand): string =>
    `\`${hints.command('federation', command, partner, '--direction', direction)}\``;
  switch (ours) {
    case 'suspended':
      return `${what} is suspended from now on, whether or not ${partner} hears of it. ${back('resume')} takes that back.`;
    case 'ended':
      return `${what} is ended from now on${agreed ? '; the agreement is being ended' : ''}. ${back('join')} begins it anew.`;
    case 'open':
      break;
  }
  if (usable) return `${what} is open, and usable.`;
  if (theirs !== null && theirs !== 'open') return `${what} is open, but ${theirs} by ${partner}: it waits for them.`;
  return `${what} is open; ${agreed ? 'it is tried again by itself' : 'it is joined by itself'}${problem === null ? '' : `: ${problem}`}.`;
}

const systemTable = (all: SystemList['systems'], terminal: Terminal): string =>
  table(
    ['system', 'provider', 'operator', 'told by', 'seen', 'id'],
    all.map(({ id, name, provider, operator, partner, local, seenAt }) => {
      const teller = partner ?? (local === name ? 'ours' : `ours, ${local}`);
      return [legible(name), legible(provider), operator, teller, when(seenAt, terminal), id];
    }),
    terminal,
  );

/** A line for each direction: `uses`, our use of what they serve; `serves`, theirs of ours. */
const federationTable = (all: readonly FederationWith[], terminal: Terminal): string =>
  table(
    ['partner', 'direction', 'our will', 'theirs', 'state', 'heard', 'silent since', 'link', 'problem'],
    all.flatMap((federation) =>
      directions.map((direction) => {
        const { ours, theirs, agreed, usable, heardAt, silentSince, linkMs, problem } = federation[direction];
        return [
          federation.partner,
          direction,
          ours,
          theirs ?? '-',
          usable ? 'usable' : agreed ? 'not usable' : 'no agreement',
          when(heardAt, terminal),
          when(silentSince, terminal),
          linkMs === null ? '' : `${linkMs} ms`,
          problem ?? '',
        ];
      }),
    ),
    terminal,
    { spare: ['link', 'silent since', 'heard', 'theirs'] },
  );
