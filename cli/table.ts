import type { Waiting } from '../api/northbound/table/waiting.ts';
import type { ApplicationList, PeerList, Relocation, SiteList, WaitingFor } from '../api/resources.ts';
import { awayOf } from '../domain/peer-seen.ts';
import { shortId } from './hints.ts';
import { standing } from './relocation-text.ts';
import { columnsFor } from './columns.ts';
import { age, type Colour, fitting, seconds, type Terminal, when } from './terminal.ts';

export type Align = 'left' | 'right';

interface Look {
  readonly aligns?: readonly Align[];
  readonly width?: number;
  readonly paint?: Terminal['paint'];
}

interface More {
  /** Heads of columns that a narrow line can do without, what is missed least first. */
  readonly spare?: readonly string[];
  readonly tone?: (cell: string, head: string) => Colour | undefined;
}

/** Columns without lines, for people and for grep; so many and so wide that they fit. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { aligns = [], width = Number.POSITIVE_INFINITY, paint = plain }: Look = {},
  { spare = [], tone = () => undefined }: More = {},
): string {
  const columns = columnsFor({ head, rows, room: width, spare });
  const lineOf = (cells: readonly string[], painted: (cell: string, at: number) => string): string =>
    columns
      .map(({ at, width: wide }) => {
        const cell = fitting(cells[at] ?? '', wide);
        const rest = ' '.repeat(wide - cell.length);
        return aligns[at] === 'right' ? `${rest}${painted(cell, at)}` : `${painted(cell, at)}${rest}`;
      })
      .join('  ')
      .trimEnd();
  const toned = (cell: string, at: number): string => {
    const colour = tone(cell, head[at] ?? '');
    return colour === undefined || cell === '' ? cell : paint(colour, cell);
  };
  const first = fitting(
    lineOf(head, (cell) => cell),
    width,
  );
  return [paint('dim', first), ...rows.map((row) => fitting(lineOf(row, toned), width))].join('\n');
}

const plain = (_: Colour, text: string): string => text;

/** What is longest comes last. */
export const relocationTable = (relocations: readonly Relocation[], terminal: Terminal): string => {
  const wide = terminal.format === 'wide';
  return table(
    ['id', 'application', 'from', 'to', 'users', 'state', 'took', 'begun', 'waits for'],
    relocations.map((relocation) => {
      const { id, startedAt, endedAt, request, waitingFor } = relocation;
      const took = endedAt === null ? '' : seconds(Date.parse(endedAt) - Date.parse(startedAt));
      const { application, source, target, users } = request;
      const whose = users === '*' ? 'all' : users;
      const begun = when(startedAt, terminal);
      return [
        wide ? id : shortId(id),
        application,
        source,
        target,
        whose,
        standing(relocation),
        took,
        begun,
        waitingFor === null ? '' : waits(waitingFor),
      ];
    }),
    terminal,
    { spare: ['took', 'begun', 'users'], tone: (cell, head) => (head === 'state' ? toneOf(cell) : undefined) },
  );
};

/** What waits for somebody is seen first, then what did not go through. */
const toneOf = (state: string): Colour | undefined =>
  /^(held|paused|parked)/.test(state)
    ? 'yellow'
    : /^(rolledBack|abandoned|terminated|refused)/.test(state)
      ? 'red'
      : undefined;

/** Since when, for what, and what it failed of last. */
export const waits = ({ what, since, ...tried }: WaitingFor): string =>
  [`${age(since)}: ${what}`, ...triedSoFar(tried)].join('; ');

/** Of what is attempted again and again: how often, when again, and what it failed of last. */
export const triedSoFar = ({
  attempt,
  nextAt,
  lastFailure,
}: Pick<WaitingFor, 'attempt' | 'nextAt' | 'lastFailure'>): string[] => [
  ...(attempt !== null && attempt > 1
    ? [`attempt ${attempt}${nextAt == null ? '' : ` in ${seconds(Math.max(0, Date.parse(nextAt) - Date.now()))}`}`]
    : []),
  ...(lastFailure === null ? [] : [lastFailure]),
];

/** Of every kind, one line for each. */
export const waitingTable = (waiting: readonly Waiting[], terminal: Terminal): string =>
  table(
    ['kind', 'id', 'about', 'state', 'for', 'waits for'],
    waiting.map(({ kind, id, about, state, waitingFor: { since, what, ...tried } }) => [
      kind,
      terminal.format === 'wide' || !id.includes('.') ? id : shortId(id),
      about,
      state,
      age(since),
      [what, ...triedSoFar(tried)].join('; '),
    ]),
    terminal,
    { spare: ['for'], tone: (cell, head) => (head === 'state' ? (toneOf(cell) ?? 'yellow') : undefined) },
  );

export const peerTable = ({ peers }: PeerList, terminal: Terminal): string =>
  table(
    ['peer', 'kind', 'reachable', 'capabilities'],
    peers.map(({ name, kind, reachable, detail, capabilities }) => [
      name,
      kind,
      reachable ? 'yes' : 'no',
      reachable ? able(capabilities, terminal.format === 'wide') : detail,
    ]),
    terminal,
    { tone: (cell, head) => (head === 'reachable' && cell === 'no' ? 'red' : undefined) },
  );

/** All of them, or what is missing of how many. */
function able(capabilities: PeerList['peers'][number]['capabilities'], wide: boolean): string {
  const missing = capabilities.filter(({ available }) => !available);
  if (!wide && missing.length === 0) return `all ${capabilities.length}`;
  return (wide ? capabilities : missing)
    .map(({ name, available, detail }) => `${name}${available ? '' : ` missing (${detail})`}`)
    .join(', ');
}

export const siteTable = ({ sites, peers: seen }: SiteList, terminal: Terminal): string =>
  table(
    ['site', 'kind', 'system', 'network', 'in reach', 'peers'],
    sites.map(({ name, kind, system, network, peers }) => {
      const asked = [...new Set(Object.values(peers))];
      return [name, kind, system ?? '', network ?? '', reach(asked, seen), asked.join(', ')];
    }),
    terminal,
    { tone: (cell, head) => (head === 'in reach' && cell.startsWith('no:') ? 'red' : undefined) },
  );

/** Of all who are asked for a site: who is away, then of whom nothing was seen. */
function reach(peers: readonly string[], seen: SiteList['peers']): string {
  const away = awayOf(peers, seen);
  const unseen = peers.filter((name) => seen[name] === undefined);
  if (away.length > 0) return `no: ${away.join(', ')}`;
  return unseen.length === 0 ? 'all' : unseen.length === peers.length ? 'not seen' : `not seen: ${unseen.join(', ')}`;
}

/** One line for each instance. */
export const whereTable = ({ applications }: ApplicationList, terminal: Terminal): string =>
  table(
    ['application', 'site', 'instance', 'state', 'serves', 'more'],
    applications.flatMap(({ name, sites }) => {
      const some = sites.some(({ instances }) => instances.some(({ serves }) => serves === 'some'));
      return sites.flatMap(({ site, instances, detail }) =>
        instances.length === 0
          ? detail === null
            ? []
            : [[name, site, '', '', '', detail]]
          : instances.map(({ id, state, serves, users, promisedTo, detail: said }) => [
              name,
              site,
              id,
              state,
              served(serves, users, some),
              [said, promisedTo === null ? null : `promised to ${promisedTo}`]
                .filter((text) => text !== null)
                .join('; '),
            ]),
      );
    }),
    terminal,
  );

/** `some` of the application's users are served by themselves elsewhere: whoever serves all of them serves the others. */
function served(whom: 'all' | 'some' | 'nobody' | null, users: number, some: boolean): string {
  if (whom === 'some') return users === 1 ? '1 user' : `${users} users`;
  return whom === 'all' && some ? 'all others' : (whom ?? 'not known');
}
