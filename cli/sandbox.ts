import { join, resolve } from 'node:path';
import { Child } from './child.ts';
import { type Exit, exits } from './exits.ts';
import type { Ferry, Topology } from './ferries.ts';
import { madeFolder } from './folder.ts';
import { interrupted } from './interruption.ts';
import type { Terminal } from './terminal.ts';
import { demandNetwork } from './ports.ts';
import { problem } from './problem.ts';

export interface SandboxPlan {
  readonly net: number;
  readonly topology: Topology;
  /** Where its package, its configuration and its log are. */
  readonly data: string;
  /** The package of an application of one's own, instead of the counter. */
  readonly app?: string;
  /** Whoever asks its peers shows a certificate. */
  readonly mtls?: true;
}

/** The peers alone, so that any other client of these APIs can be tried against them. Stays until it is asked to end. */
export async function sandbox({ net, topology, data, app, mtls }: SandboxPlan, terminal: Terminal): Promise<Exit> {
  try {
    await demandNetwork(net);
  } catch (error) {
    return isNotUp((error as Error).message, terminal);
  }
  const folder = resolve(data, `sandbox-${net}`);
  const configuration = join(folder, 'configuration.json');
  await madeFolder(folder);
  const files = ['--package-cache', folder, '--config-out', configuration];
  const child = new Child({
    name: 'sandbox',
    script: 'sandbox/main.ts',
    args: [
      '--net',
      String(net),
      '--topology',
      topology,
      ...files,
      ...(app === undefined ? [] : ['--app', resolve(app)]),
      ...(mtls === undefined ? [] : ['--mtls']),
    ],
    environment: process.env,
    log: join(folder, 'sandbox.log'),
  });
  const interruption = interrupted();
  try {
    const { control, world, ferries, application, instances } = await child.ready;
    if (terminal.json)
      terminal.document({ ready: true, control, world, configuration, ferries, application, instances });
    terminal.tell(`
  Peers          127.${net}.0.0/16; who speaks what where: sandbox/README.md
  The world      ${String(control)}/sandbox/state
  Faults         ${String(control)}/sandbox/faults
  Application    ${String(application)}, in the cloud
  What it says   ${join(String(instances), '<instance>.log')}; first ${String(application)}-0.log
  ${forFerry(ferries as Ferry[])}

The sandbox stays up until Ctrl-C.`);
    const ended = await Promise.race([interruption, child.exited]);
    if (ended === undefined) return exits.done;
    return isNotUp(child.ended(ended), terminal);
  } catch (error) {
    return isNotUp((error as Error).message, terminal);
  } finally {
    await child.stop(3_000);
  }
}

function isNotUp(why: string, terminal: Terminal): Exit {
  if (terminal.json) terminal.document(problem('The sandbox is not up', why));
  terminal.tell(why);
  return exits.notThrough;
}

const forFerry = (ferries: readonly Ferry[]): string =>
  ferries
    .map(({ operator, configuration }, nth) =>
      (nth === 0 ? 'For Ferry' : `Of ${operator}`).padEnd(15).concat(`FERRY_CONFIG=${configuration}`),
    )
    .join('\n  ');
