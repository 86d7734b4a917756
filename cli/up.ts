import type { RelocationList } from '../api/resources.ts';
import { FerryClient } from './client.ts';
import { Devices, Hosts, Navigation } from './devices.ts';
import { type Exit, exits } from './exits.ts';
import { type Addresses, House, type HousePlan } from './house.ts';
import { interrupted } from './interruption.ts';
import { relocationTable } from './table.ts';
import type { Terminal } from './terminal.ts';
import { tour } from './tour.ts';

export interface UpPlan extends HousePlan {
  readonly tour: boolean;
  /** Ends after the tour; the exit status is its verdict. */
  readonly exit: boolean;
}

/** Starts everything, shows the tour where asked, and stays until it is asked to end, or a process ends by itself. */
export async function up(plan: UpPlan, terminal: Terminal): Promise<Exit> {
  const house = new House(plan, terminal);
  // Before a verdict that is waited for, an interruption is none.
  const interruption = interrupted().then(() => (plan.exit ? exits.notThrough : exits.done));
  try {
    return await Promise.race([visit(house, plan, terminal, interruption), interruption, house.broken]);
  } catch (error) {
    terminal.tell(`${terminal.paint('red', 'ferry up')}: ${(error as Error).message}`);
    return exits.notThrough;
  } finally {
    terminal.living('');
    await house.end();
  }
}

async function visit(house: House, plan: UpPlan, terminal: Terminal, interruption: Promise<Exit>): Promise<Exit> {
  terminal.tell(terminal.paint('bold', 'Starting Ferry'));
  const addresses = await house.start();
  const client = new FerryClient(addresses.api);
  for (const line of where(addresses)) terminal.tell(line);
  await earlier(client, terminal);

  if (plan.tour && addresses.sandbox !== null) {
    const toured = plan.app === undefined ? beyondMoves(addresses.sandbox, addresses.partners) : {};
    const application = addresses.application?.name;
    const report = await tour(client, new Devices(addresses.sandbox), terminal, { application, ...toured });
    if (terminal.json) terminal.document(report);
    if (plan.exit) return report.ok ? exits.done : exits.notThrough;
  } else if (terminal.json) terminal.document({ ready: true, ...addresses });

  const { hints } = terminal;
  if (plan.port !== 8700) hints.said = { api: addresses.api };
  terminal.tell(`
Ferry stays up until Ctrl-C. From a second terminal:
  ${hints.command('relocate', addresses.application?.name ?? 'counter', 'cloud', 'a1')}
  ${hints.command('where')}
  ${hints.command('list')}`);
  return await interruption;
}

/** What the counter and its neighbours show besides: a host is lost, and partners use each other's services. */
function beyondMoves(sandbox: string, partners: Addresses['partners']) {
  const apis = partners.map(({ api }) => api);
  const others = apis.length === 0 ? undefined : { apis, navigation: new Navigation(sandbox) };
  return { others, hosts: new Hosts(sandbox) };
}

const where = ({ api, temporal, temporalUi, sandbox, application, partners }: Addresses): string[] => [
  '',
  `  API          ${api}  (documentation: ${api}/docs)`,
  `  Temporal     ${temporal}${temporalUi === null ? '' : `  (UI: ${temporalUi})`}`,
  ...(sandbox === null ? [] : [`  Sandbox      ${sandbox}/sandbox/state`]),
  ...(application === null ? [] : [`  ${application.name.padEnd(12)} says in ${application.instances}/<instance>.log`]),
  ...partners.map(
    ({ operator, api: theirs, namespace }) => `  ${operator.padEnd(12)} ${theirs}  (Temporal: namespace ${namespace})`,
  ),
];

/** What an earlier start with the same data has left to look at. */
async function earlier(client: FerryClient, terminal: Terminal): Promise<void> {
  const { relocations, next } = await client.get<RelocationList>('/v1/relocations?limit=10');
  if (relocations.length === 0) return;
  terminal.tell(
    `\nEarlier relocations${next === null ? '' : ' (the latest ten)'}:\n${relocationTable(relocations, terminal)}`,
  );
}
