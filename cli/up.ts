import type { RelocationList } from '../api/resources.ts';
import { FerryClient } from './client.ts';
import { Devices, Hosts, Navigation } from './devices.ts';
import { type Exit, exits } from './exits.ts';
import type { Hints } from './hints.ts';
import { type Addresses, House, type HousePlan, type Partner } from './house.ts';
import { interrupted } from './interruption.ts';
import { relocationTable } from './table.ts';
import type { Phase } from './started.ts';
import { seconds, type Terminal } from './terminal.ts';
import { tour, type TourReport } from './tour.ts';
import type { Others } from './tour-federation.ts';
import { problem } from './problem.ts';

export interface UpPlan extends HousePlan {
  readonly tour: boolean;
  /** Ends after the tour; the exit status is its verdict. */
  readonly exit: boolean;
}

/** What `--json` says once everything is there, without a tour. */
export interface Ready extends Addresses {
  readonly ready: true;
  readonly partners: readonly Partner[];
}

/** What `--json` says after the tour. */
export interface UpReport extends TourReport {
  readonly start: {
    /** How long after the start of the command our Ferry was of use. */
    readonly readyMs: number;
    readonly phases: readonly Phase[];
  };
}

/** Starts everything, shows the tour where asked, and stays until it is asked to end, or a process ends by itself. */
export async function up(plan: UpPlan, terminal: Terminal): Promise<Exit> {
  const house = new House(plan, terminal);
  const seen: Seen = { missed: 'Ferry was ready', well: true };
  const interruption = interrupted().then(() => {
    terminal.rest();
    const { missed, well } = seen;
    const early = missed === undefined ? '' : ` before ${missed}`;
    terminal.tell(`\nInterrupted${early}: what was started is being ended.`);
    if (missed !== undefined) return exits.interrupted;
    return well ? exits.done : exits.notThrough;
  });
  try {
    return await Promise.race([visit(house, plan, terminal, { seen, interruption }), interruption, house.broken]);
  } catch (error) {
    const { message } = error as Error;
    if (terminal.json) terminal.document(problem('Ferry is not up', message));
    terminal.tell(`${terminal.paint('red', 'ferry up')}: ${message}`);
    return exits.notThrough;
  } finally {
    terminal.living('');
    await house.end();
  }
}

/** What was waited for and has not come yet; and did what it showed go well, as far as it is known? */
interface Seen {
  missed: string | undefined;
  well: boolean;
}

async function visit(
  house: House,
  plan: UpPlan,
  terminal: Terminal,
  { seen, interruption }: { readonly seen: Seen; readonly interruption: Promise<Exit> },
): Promise<Exit> {
  terminal.tell(terminal.paint('bold', 'Starting Ferry'));
  const addresses = await house.start();
  const client = new FerryClient(addresses.api);
  const readyMs = Math.round(performance.now());
  terminal.tell(`  ready after ${seconds(readyMs)}`);
  seen.missed = plan.exit ? 'there was a verdict' : undefined;
  for (const line of where(addresses)) terminal.tell(line);
  await earlier(client, terminal);

  let met: Promise<readonly Partner[]> | undefined;
  const partners = async (): Promise<readonly Partner[]> => await (met ??= metPartners(house, terminal));
  if (plan.tour && addresses.sandbox !== null) {
    const toured = plan.app === undefined ? beyondMoves(addresses.sandbox, partners) : {};
    const application = addresses.application?.name;
    const report = await tour(client, new Devices(addresses.sandbox), terminal, { application, ...toured });
    const whole: UpReport = { ...report, start: { readyMs, phases: house.phases.done } };
    if (terminal.json) terminal.document(whole);
    seen.well = report.ok;
    if (plan.exit) return report.ok ? exits.done : exits.notThrough;
  }
  const ready: Ready = { ready: true, ...addresses, partners: await partners() };
  if (terminal.json && !plan.tour) terminal.document(ready);

  const { hints } = terminal;
  if (plan.port !== 8700) hints.said = { api: addresses.api };
  terminal.tell('\nFerry stays up until Ctrl-C. From a second terminal:');
  for (const line of toBegin(addresses, hints)) terminal.tell(`  ${line}`);
  return await interruption;
}

/** What to type first: with peers of one's own nobody knows what they serve, or whether they answer. */
export const toBegin = (
  { sandbox, application }: Pick<Addresses, 'sandbox' | 'application'>,
  hints: Hints,
): readonly string[] => [
  sandbox === null ? hints.command('peers') : hints.command('relocate', application?.name ?? 'counter', 'cloud', 'a1'),
  hints.command('where'),
  hints.command('list'),
];

/** What the counter and its neighbours show besides: a host is lost, and partners use each other's services. */
function beyondMoves(sandbox: string, partners: () => Promise<readonly Partner[]>) {
  const others = async (): Promise<Others | undefined> => {
    const apis = (await partners()).map(({ api }) => api);
    return apis.length === 0 ? undefined : { apis, navigation: new Navigation(sandbox) };
  };
  return { others, hosts: new Hosts(sandbox) };
}

/** Starts them, the first time. */
async function metPartners(house: House, terminal: Terminal): Promise<readonly Partner[]> {
  const partners = await house.partners();
  for (const { operator, api, namespace } of partners)
    terminal.tell(`  ${operator.padEnd(12)} ${api}  (Temporal: namespace ${namespace})`);
  return partners;
}

const where = ({ api, temporal, temporalUi, sandbox, application }: Addresses): string[] => [
  '',
  `  Console      ${api}`,
  `  API          ${api}/v1/relocations  (documentation: ${api}/docs)`,
  `  Temporal     ${temporal}${temporalUi === null ? '' : `  (UI: ${temporalUi})`}`,
  ...(sandbox === null ? [] : [`  Sandbox      ${sandbox}/sandbox/state`]),
  ...(application === null ? [] : [`  ${application.name.padEnd(12)} says in ${application.instances}/<instance>.log`]),
];

/** What an earlier start with the same data has left to look at. */
async function earlier(client: FerryClient, terminal: Terminal): Promise<void> {
  const { relocations, next } = await client.get<RelocationList>('/v1/relocations?limit=10');
  if (relocations.length === 0) return;
  terminal.tell(
    `\nEarlier relocations${next === null ? '' : ' (the latest ten)'}:\n${relocationTable(relocations, terminal)}`,
  );
}
