import type { ApplicationList, PeerList, Relocation, SiteList } from '../api/resources.ts';
import { shortId } from './hints.ts';
import { standing } from './relocation-text.ts';
import { age, fitting, seconds, type Terminal } from './terminal.ts';

export type Align = 'left' | 'right';

/** Columns without lines, for people and for grep. What is wider than `width` is cut. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { aligns = [], width = Number.POSITIVE_INFINITY }: { aligns?: readonly Align[]; width?: number } = {},
): string {
  const lines = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const padded = (cell: string, at: number): string =>
    aligns[at] === 'right' ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0);
  return lines.map((line) => fitting(line.map(padded).join('  ').trimEnd(), width)).join('\n');
}

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
      const begun = wide ? startedAt : `${age(startedAt)} ago`;
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
  );
};

/** Since when, for what, and what it failed of last. */
const waits = ({ what, since, attempt, lastFailure }: NonNullable<Relocation['waitingFor']>): string =>
  [
    `${age(since)}: ${what}`,
    ...(attempt !== null && attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(lastFailure === null ? [] : [lastFailure]),
  ].join('; ');

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
  );

/** All of them, or what is missing of how many. */
function able(capabilities: PeerList['peers'][number]['capabilities'], wide: boolean): string {
  const missing = capabilities.filter(({ available }) => !available);
  if (!wide && missing.length === 0) return `all ${capabilities.length}`;
  return (wide ? capabilities : missing)
    .map(({ name, available, detail }) => `${name}${available ? '' : ` missing (${detail})`}`)
    .join(', ');
}

export const siteTable = ({ sites }: SiteList, terminal: Terminal): string =>
  table(
    ['site', 'kind', 'system', 'network', 'peers'],
    sites.map(({ name, kind, system, network, peers }) => [
      name,
      kind,
      system ?? '',
      network ?? '',
      [...new Set(Object.values(peers))].join(', '),
    ]),
    terminal,
  );

/** One line for each instance. */
export const whereTable = ({ applications }: ApplicationList, terminal: Terminal): string =>
  table(
    ['application', 'site', 'instance', 'state', 'serves', 'more'],
    applications.flatMap(({ name, sites }) =>
      sites.flatMap(({ site, instances, detail }) =>
        instances.length === 0
          ? detail === null
            ? []
            : [[name, site, '', '', '', detail]]
          : instances.map(({ id, state, serves, users, promisedTo, detail: said }) => [
              name,
              site,
              id,
              state,
              served(serves, users),
              [said, promisedTo === null ? null : `promised to ${promisedTo}`]
                .filter((text) => text !== null)
                .join('; '),
            ]),
      ),
    ),
    terminal,
  );

const served = (whom: 'all' | 'some' | 'nobody' | null, users: number): string =>
  whom === null ? 'not known' : whom === 'some' ? `${users} users` : whom;

/** Others choose these words: none of them steers a terminal, or turns the reading direction. */
export const legible = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
