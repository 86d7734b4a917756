import type { ApplicationList, ApplicationSeen, PeerList, SiteList } from '../api/resources.ts';
import { feats } from '../domain/contract-seen.ts';
import type { FerryClient } from './client.ts';
import { type Exit, exits } from './exits.ts';
import { shortId } from './hints.ts';
import { legible } from './legible.ts';
import { peerTable, siteTable, whereTable } from './table.ts';
import { age, millis, type Terminal } from './terminal.ts';

/** What each command asks of the API about sites, peers and applications, and shows. */

/** Is every peer in reach? */
export async function peers(client: FerryClient, terminal: Terminal): Promise<Exit> {
  const answer = await client.get<PeerList>('/v1/peers');
  if (terminal.json) terminal.list(answer, answer.peers);
  else terminal.tell(peerTable(answer, terminal));
  return answer.peers.every(({ reachable }) => reachable) ? exits.done : exits.notThrough;
}

export async function sites(client: FerryClient, terminal: Terminal): Promise<Exit> {
  const answer = await client.get<SiteList>(`/v1/sites?waitSeconds=${LOOK_SECONDS}`);
  if (terminal.json) terminal.list(answer, answer.sites);
  else {
    terminal.tell(siteTable(answer, terminal));
    for (const [name, seen] of Object.entries(answer.peers))
      if (!seen.reachable) terminal.tell(awaySentence(name, seen, terminal));
  }
  return exits.done;
}

/** A peer that is silent for longer is told as it was seen before. */
const LOOK_SECONDS = 5;

const awaySentence = (name: string, { since, lastFailure }: SiteList['peers'][string], terminal: Terminal): string =>
  `${terminal.paint('red', `${name} has not answered since ${since}`)} (${age(since)})${lastFailure === null ? '' : `: ${lastFailure.what}`}`;

export async function where(client: FerryClient, terminal: Terminal, application: string | undefined): Promise<Exit> {
  const one = application === undefined ? '' : `/${encodeURIComponent(application)}`;
  const answer = await client.get<ApplicationList | ApplicationSeen>(`/v1/applications${one}`);
  const list = 'applications' in answer ? answer : { applications: [answer] };
  if (terminal.json) terminal.list(answer, list.applications);
  else {
    terminal.tell(whereTable(list, terminal));
    for (const { name, led } of list.applications) for (const way of led ?? []) terminal.tell(ledSentence(name, way));
    if (list.applications.some(({ led }) => led === null))
      terminal.tell("which devices of other networks are led there is not known: Temporal's index does not answer");
    if ('name' in answer && answer.contract !== undefined)
      for (const line of contractLines(answer.name, answer.contract)) terminal.tell(line);
  }
  const told = list.applications.every(
    (seen) => seen.led !== null && seen.sites.every(({ detail }) => detail === null),
  );
  return told ? exits.done : exits.notThrough;
}

const contractWords = {
  zeroLoss: 'the application contract',
  applicationOwn: 'a transfer of its own (MEC 021)',
  none: 'neither the contract nor a transfer of its own',
  stateless: 'that it keeps no state',
} as const;

const seenBy = ({ at, relocation }: { readonly at: string; readonly relocation: string }): string =>
  `${age(at)} ago (${shortId(relocation)})`;

/** `counter: handed its users over, all that its receipt says, in 2.1 ms: 3m ago (7abc)`. */
function contractLines(name: string, contract: NonNullable<ApplicationSeen['contract']> | null): string[] {
  const who = legible(name);
  if (contract === null) return [`${who}: what moves have seen of it is not known: Temporal's index does not answer`];
  const { declared, seen, missed, lookedAt } = contract;
  return [
    `${who}: declares ${contractWords[declared]}${lookedAt === 0 ? '; no relocation has seen it yet' : ''}`,
    ...seen.map(
      ({ what, freezeMs, ...when }) =>
        `${who}: ${feats[what]}${freezeMs === null ? '' : `, in ${millis(freezeMs)}`}: ${seenBy(when)}`,
    ),
    ...missed.map(({ failure, message, ...when }) => `${who}: ${failure}: ${message}: ${seenBy(when)}`),
  ];
}

/** `counter: devices of wifi are served at a1 by i-1, led there by rules of h-1 at w1`. */
function ledSentence(application: string, led: NonNullable<ApplicationSeen['led']>[number]): string {
  const { network, site, instance, way, holder, relayed, everybody, silentSince, anchors } = led;
  const whose = everybody ? 'devices' : anchors === 1 ? 'one device' : `${anchors} devices`;
  const subject = `${legible(application)}: ${whose} of ${network}`;
  if (way === null) return `${subject}: an anchor to ${site} is being made, or was never made`;
  const silent = silentSince === null ? '' : `, which serves nobody since ${silentSince}`;
  const served = `${subject} ${anchors === 1 && !everybody ? 'is' : 'are'} served at ${site} by ${instance ?? ''}${silent}`;
  if (holder === null) return `${served}: the network leads there by itself`;
  return `${served}, ${relayed ? 'relayed' : 'led there by the rules of'} ${relayed ? 'by ' : ''}${holder.instance} at ${holder.site}`;
}
