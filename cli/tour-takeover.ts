import { setTimeout as pause } from 'node:timers/promises';
import type { Fencing } from '../api/northbound/table/fences.ts';
import type { Relocation } from '../api/resources.ts';
import type { Figures } from '../domain/counted.ts';
import type { FerryClient } from './client.ts';
import type { Devices, Hosts } from './devices.ts';
import { follow } from './follow.ts';
import { table } from './table.ts';
import { seconds, type Terminal } from './terminal.ts';

/** What the death of a host cost: it is no move, and what was under way may be lost by it. */
export const takeoverTold = ({ source, lost, givenUp, doubled, recoveredInMs }: TakeoverReport): string =>
  `The death of ${source} cost more: ${counted(lost, 'acknowledged write')} lost, as whoever takes over accepts, ${givenUp} given up while nobody served, ${doubled} doubled; taken over in ${seconds(recoveredInMs)}.`;

const counted = (many: number, of: string): string => `${many} ${of}${many === 1 ? '' : 's'}`;

const LIMIT_MS = 60_000;
const LOOK_MS = 100;
/** In 50 ms at 20 writes a second a device has one under way, and one more. */
const LOST_BY_A_DEVICE = 2;

/** A host that freezes, and comes back, as `--json` shows it. */
export interface TakeoverReport {
  readonly source: string;
  readonly target: string;
  readonly outcome: string;
  readonly fence: string | null;
  /** From `recover` until everybody was told who serves. */
  readonly recoveredInMs: number;
  /** The longest time in which a device got no answer: from the freeze on. */
  readonly interruptionMs: number;
  readonly users: number;
  /** Writes that the standby had. */
  readonly saved: number;
  readonly requests: number;
  /** Acknowledged, and in nobody's context. */
  readonly lost: number;
  /** Not answered in time, while nobody served. */
  readonly givenUp: number;
  readonly doubled: number;
  /** What the host had accepted and nobody else has; null: it was not fenced. */
  readonly stranded: number | null;
  readonly fenced: string | null;
  readonly totalMs: number;
}

/** Nobody wrote beside the target for good, and no more is lost than what was under way. */
export const takeoverWentWell = ({ outcome, fenced, lost, doubled, users }: TakeoverReport): boolean =>
  outcome === 'recovered' && fenced === 'fenced' && doubled === 0 && lost <= users * LOST_BY_A_DEVICE;

/** A standby is kept warm, its host's sibling freezes and cannot be stopped, the standby takes over; the sibling wakes up and is fenced. */
export async function takeover(
  { client, devices, hosts, terminal }: Around,
  { application, source, target }: { application: string; source: string; target: string },
): Promise<TakeoverReport> {
  const begun = performance.now();
  terminal.tell(terminal.paint('bold', `A host dies: ${source}`));
  const from = await serving(hosts);
  const request = { application, source, target, cutOver: { standby: true } };
  const { id } = await client.post<Relocation>('/v1/relocations', request);
  terminal.living(`  keeping a standby warm at ${target}`);
  await until(async () => (await client.get<Relocation>(`/v1/relocations/${id}`)).state === 'held');
  terminal.living('');
  terminal.tell(`  a standby is kept warm at ${target} (ferry protect)`);

  await devices.openWindow('takeover');
  await hosts.freeze(from);
  terminal.tell(`  ${source} answers nobody any more, and nobody can stop what runs there`);
  const recovering = performance.now();
  const accept = { lostWrites: true, fence: 'ledAway' };
  await client.post(`/v1/relocations/${id}/recover`, { accept });
  const relocation = await follow(client, id, terminal);
  const recoveredInMs = Math.round(performance.now() - recovering);
  const { total } = await devices.closeWindow('takeover');

  await hosts.wake(from);
  const fencing = await awaken(client, id, relocation, hosts, terminal);
  return reportOf({ source, target, relocation, fencing, total, recoveredInMs, totalMs: performance.now() - begun });
}

interface Around {
  readonly client: FerryClient;
  readonly devices: Devices;
  readonly hosts: Hosts;
  readonly terminal: Terminal;
}

/** What became of it after it woke up; undefined: nobody waits for it. */
async function awaken(
  client: FerryClient,
  id: string,
  { result }: Relocation,
  hosts: Hosts,
  terminal: Terminal,
): Promise<Fencing | undefined> {
  const look = async (): Promise<Fencing> => await client.get<Fencing>(`/v1/fences/${encodeURIComponent(id)}`);
  try {
    if (result?.recovery?.fencing == null) return undefined;
    terminal.living('  it wakes up, and is fenced');
    await until(async () => (await look()).state !== 'waiting');
  } finally {
    await hosts.mend();
    terminal.living('');
  }
  await until(async () => (await look()).state === 'ended');
  return await look();
}

/** Devices may take a moment until one instance serves all of them. */
async function serving(hosts: Hosts): Promise<string> {
  for (const begun = performance.now(); performance.now() - begun < LIMIT_MS; await pause(LOOK_MS)) {
    const one = await hosts.serving();
    if (one !== undefined) return one;
  }
  throw new Error('devices go on being served by several instances');
}

async function until(is: () => Promise<boolean>): Promise<void> {
  const begun = performance.now();
  while (!(await is())) {
    if (performance.now() - begun > LIMIT_MS) return; // the report tells that it did not come about
    await pause(LOOK_MS);
  }
}

interface Seen {
  readonly source: string;
  readonly target: string;
  readonly relocation: Relocation;
  readonly fencing: Fencing | undefined;
  readonly total: Figures;
  readonly recoveredInMs: number;
  readonly totalMs: number;
}

function reportOf({ relocation: { state, outcome, result }, fencing, total, totalMs, ...seen }: Seen): TakeoverReport {
  const recovery = result?.recovery ?? null;
  return {
    ...seen,
    outcome: outcome ?? state,
    fence: recovery?.fence ?? null,
    interruptionMs: Math.round(total.longestGapMs),
    users: recovery?.users ?? 0,
    saved: recovery?.writes ?? 0,
    requests: total.requests,
    lost: total.lost,
    givenUp: total.givenUp,
    doubled: total.doubled,
    stranded: fencing?.result?.stranded ?? null,
    fenced: fencing?.result?.outcome ?? null,
    totalMs: Math.round(totalMs),
  };
}

export const takeoverTable = (report: TakeoverReport): string =>
  table(
    [
      'host lost',
      'outcome',
      'fence',
      'recovered',
      'gap',
      'saved',
      'lost',
      'given up',
      'doubled',
      'came back',
      'stranded',
    ],
    [
      [
        `${report.source} → ${report.target}`,
        report.outcome,
        report.fence ?? '-',
        seconds(report.recoveredInMs),
        seconds(report.interruptionMs),
        ...[report.saved, report.lost, report.givenUp, report.doubled].map(String),
        report.fenced ?? '-',
        String(report.stranded ?? '-'),
      ],
    ],
    { aligns: ['left', 'left', 'left', ...Array.from({ length: 6 }, () => 'right' as const), 'left', 'right'] },
  );
