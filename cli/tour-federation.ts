import { setTimeout as pause } from 'node:timers/promises';
import type { FederationList, SystemList } from '../api/resources.ts';
import { FerryClient, Refused, Unreachable } from './client.ts';
import type { Navigation } from './devices.ts';
import { seconds, type Terminal } from './terminal.ts';
import { consumption, type ConsumptionReport, wentWell } from './tour-consumption.ts';

const LIMIT_MS = 30_000;
const LOOK_MS = 250;

/** What one operator's Ferry knows of the others, as `--json` shows it. */
interface Sight {
  readonly operator: string;
  /** Names of the other operator's systems, by operator. */
  readonly sees: Readonly<Record<string, readonly string[]>>;
}

interface Meeting {
  /** Each has joined the other, and sees its systems. */
  readonly joined: boolean;
  readonly operators: readonly Sight[];
}

export interface FederationReport extends Meeting {
  /** Null: they have not joined. */
  readonly consumed: ConsumptionReport | null;
}

/** Whom else there is: where the APIs of the other operators are, and the application that uses what they have. */
export interface Others {
  readonly apis: readonly string[];
  readonly navigation: Navigation;
}

export const federationWentWell = ({ joined, consumed }: FederationReport): boolean =>
  joined && consumed !== null && wentWell(consumed);

/** What operators have of each other: they join, and one uses what another has. */
export async function federation(
  ours: FerryClient,
  { apis, navigation }: Others,
  terminal: Terminal,
): Promise<FederationReport> {
  await recovered(apis, terminal);
  const met = await meeting(ours, apis, terminal);
  const [first, ...others] = met.operators.map(({ operator }, n) => ({
    operator,
    client: n === 0 ? ours : new FerryClient(apis[n - 1] ?? ''),
  }));
  if (!met.joined || first === undefined) return { ...met, consumed: null };
  return { ...met, consumed: await consumption({ ours: first, others, navigation, terminal }) };
}

/** A tour that was interrupted in the middle may have left the others' use suspended, in data that were kept: they resume it. */
export async function recovered(apis: readonly string[], terminal: Terminal): Promise<void> {
  for (const client of apis.map((api) => new FerryClient(api)))
    try {
      const { federations } = await client.get<FederationList>('/v1/federations');
      for (const { partner, serves } of federations) {
        if (serves.ours !== 'suspended') continue;
        await client.post(`/v1/federations/${encodeURIComponent(partner)}/resume?direction=serves`);
        terminal.tell(`\nThe use by ${partner} was left suspended, as by a tour that was interrupted: it is resumed.`);
      }
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error; // whether they join is seen below
    }
}

/** Two operators' Ferrys join by themselves as soon as both are up: waits until each sees the other's systems, and shows them. */
export async function meeting(
  ours: FerryClient,
  apis: readonly string[],
  terminal: Terminal,
  limitMs = LIMIT_MS,
): Promise<Meeting> {
  const begun = performance.now();
  const clients = [ours, ...apis.map((api) => new FerryClient(api))];
  let operators: readonly Sight[] = [];
  let joined = false;
  while (!joined && performance.now() - begun < limitMs) {
    operators = await Promise.all(clients.map(seenBy));
    joined = operators.every(({ operator, sees }) =>
      operators.every((other) => other.operator === operator || (sees[other.operator] ?? []).length > 0),
    );
    if (joined) break;
    terminal.living(`  ${operators.length} operators join each other (${seconds(performance.now() - begun)})`);
    await pause(LOOK_MS);
  }
  terminal.tell(
    joined ? `\n${operators.length} operators have joined: each sees the systems that the other shares.` : '',
  );
  for (const { operator, sees } of operators)
    for (const [other, systems] of Object.entries(sees))
      terminal.tell(`  ${operator} sees ${systems.join(', ')} of ${other}`);
  if (!joined)
    terminal.tell(
      terminal.paint(
        'red',
        `  After ${seconds(limitMs)} they do not see each other: \`ferry federation\` tells how it stands.`,
      ),
    );
  return { joined, operators };
}

/** What it does not tell yet is nothing seen. */
async function seenBy(client: FerryClient): Promise<Sight> {
  try {
    const { systems } = await client.get<SystemList>('/v1/systems?limit=100');
    const sees: Record<string, string[]> = {};
    for (const { partner, operator, name } of systems)
      if (partner !== null) sees[operator] = [...(sees[operator] ?? []), name].toSorted();
    return { operator: systems.find(({ partner }) => partner === null)?.operator ?? '?', sees };
  } catch (error) {
    if (error instanceof Refused || error instanceof Unreachable) return { operator: client.url, sees: {} };
    throw error;
  }
}
