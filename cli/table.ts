import type { FederationWith, PeerList, Relocation, SystemList } from '../api/resources.ts';
import { standing } from './relocation-text.ts';
import { seconds } from './terminal.ts';

export type Align = 'left' | 'right';

/** Columns without lines, for people and for grep. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  aligns: readonly Align[] = [],
): string {
  const lines = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const padded = (cell: string, at: number): string =>
    aligns[at] === 'right' ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0);
  return lines.map((line) => line.map(padded).join('  ').trimEnd()).join('\n');
}

export const relocationTable = (relocations: readonly Relocation[]): string =>
  table(
    ['started', 'application', 'from', 'to', 'users', 'state', 'took', 'id'],
    relocations.map((relocation) => {
      const { id, startedAt, endedAt, request } = relocation;
      const took = endedAt === null ? '' : seconds(Date.parse(endedAt) - Date.parse(startedAt));
      const { application, source, target, users } = request;
      const started = startedAt.slice(0, 19).replace('T', ' ');
      return [started, application, source, target, users === '*' ? 'all' : users, standing(relocation), took, id];
    }),
  );

export const peerTable = ({ peers }: PeerList): string =>
  table(
    ['peer', 'kind', 'reachable', 'capabilities'],
    peers.map(({ name, kind, reachable, detail, capabilities }) => [
      name,
      kind,
      reachable ? 'yes' : 'no',
      reachable
        ? capabilities
            .map((capability) => `${capability.name}${capability.available ? '' : ` missing (${capability.detail})`}`)
            .join(', ')
        : detail,
    ]),
  );

export const systemTable = (systems: SystemList['systems']): string =>
  table(
    ['system', 'provider', 'operator', 'told by', 'seen', 'id'],
    systems.map(({ id, name, provider, operator, partner, local, seenAt }) => {
      const teller = partner ?? (local === name ? 'ours' : `ours, ${local}`);
      return [legible(name), legible(provider), operator, teller, seenAt.slice(0, 19).replace('T', ' '), id];
    }),
  );

/** Others choose these words: none of them steers a terminal, or turns the reading direction. */
const legible = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');

/** A line for each direction: `uses`, our use of what they serve; `serves`, theirs of ours. */
export const federationTable = (federations: readonly FederationWith[]): string =>
  table(
    ['partner', 'direction', 'our will', 'theirs', 'state', 'heard', 'silent since', 'link', 'problem'],
    federations.flatMap((federation) =>
      (['uses', 'serves'] as const).map((direction) => {
        const { ours, theirs, agreed, usable, heardAt, silentSince, linkMs, problem } = federation[direction];
        return [
          federation.partner,
          direction,
          ours,
          theirs ?? '-',
          usable ? 'usable' : agreed ? 'not usable' : 'no agreement',
          shortly(heardAt),
          shortly(silentSince),
          linkMs === null ? '' : `${linkMs} ms`,
          problem ?? '',
        ];
      }),
    ),
  );

const shortly = (instant: string | null): string => instant?.slice(0, 19).replace('T', ' ') ?? '';
