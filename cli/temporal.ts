import { join } from 'node:path';
import { type DevServer, startDevServer } from '../servers/dev-server.ts';
import { temporalCli } from '../servers/obtain.ts';
import { connectionSettings } from '../temporal/connection.ts';
import { namespaceOfSandbox, ownNamespace } from '../temporal/namespace.ts';
import { temporalReady } from '../temporal/readiness.ts';
import { freePort, isFree } from './ports.ts';
import { logOf, type Started } from './started.ts';

export interface TemporalPlan {
  readonly net: number;
  readonly data: string;
  readonly inSandbox: boolean;
  /** Operators that have a namespace of their own. */
  readonly others: readonly string[];
}

export interface Temporal {
  readonly address: string;
  readonly ui: string | null;
  /** What worker and API need to reach it: of the first Ferry, or of another operator's. */
  readonly environment: (operator?: string) => NodeJS.ProcessEnv;
}

const HOST = '127.0.0.1';
/** A server looks for new namespaces every ten seconds. */
const NEW_NAMESPACE_MS = 30_000;

/** Somebody's, where TEMPORAL_ADDRESS says so; else a dev server of ours. */
export const temporalOf = async (plan: TemporalPlan, started: Started): Promise<Temporal> =>
  (process.env['TEMPORAL_ADDRESS'] ?? '') === '' ? await ours(plan, started) : await theirs(plan, started);

async function theirs({ net, inSandbox, others }: TemporalPlan, { phases }: Started): Promise<Temporal> {
  const given = connectionSettings();
  const { connectionOptions } = given;
  const own = inSandbox && !given.namespaceGiven;
  const first = own ? namespaceOfSandbox(net) : given.namespace;
  const { address } = connectionOptions;
  const of = (operator?: string): string => (operator === undefined ? first : `${first}-${operator}`);
  const made = [...(own ? [first] : []), ...others.map(of)];
  for (const namespace of made) await ownNamespace({ connectionOptions, namespace }, { sandbox: true });
  const ready = [...new Set([first, ...made])].map(async (namespace) =>
    temporalReady({ connectionOptions, namespace }, made.includes(namespace) ? NEW_NAMESPACE_MS : 10_000),
  );
  await phases.timed(`Temporal at ${address}, namespace ${first}`, Promise.all(ready));
  return {
    address,
    ui: process.env['FERRY_TEMPORAL_UI'] ?? null,
    environment: (operator) => ({ ...process.env, TEMPORAL_NAMESPACE: of(operator) }),
  };
}

async function ours(plan: TemporalPlan, { phases, keep }: Started): Promise<Temporal> {
  const cli = await temporalCli((line) => phases.say(line));
  const { server, starts } = await phases.timed(
    'Temporal dev server',
    devServer(cli, logOf(plan.data, 'Temporal'), plan),
  );
  const { address, ui } = server;
  await keep('Temporal', server, starts);
  for (const namespace of ['default', ...plan.others])
    await ownNamespace({ connectionOptions: { address }, namespace }, { sandbox: plan.inSandbox });
  return { address, ui, environment: (operator) => towards(address, operator ?? 'default') };
}

/** Each network wishes for ports of its own: who starts at the same moment does not ask for the same. */
async function devServer(
  cli: string,
  log: string,
  { net, data, others }: TemporalPlan,
): Promise<{ server: DevServer; starts: () => Promise<DevServer> }> {
  for (let attempt = 1; ; attempt += 1) {
    const [port, uiPort] = [await freePort(HOST, 7223 + net), await freePort(HOST, 8223 + net)];
    try {
      const plan = { cli, port, uiPort, database: join(data, 'temporal.db'), log, namespaces: others };
      const starts = async (): Promise<DevServer> => await startDevServer(plan);
      return { server: await starts(), starts };
    } catch (error) {
      const free = (await isFree(HOST, port, 0)) && (await isFree(HOST, uiPort, 0));
      if (free || attempt === 3) throw error; // else somebody was faster
    }
  }
}

/** A person's own Temporal profile must not lead worker and API to another server. */
const towards = (address: string, namespace: string): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_'))),
  TEMPORAL_CONFIG_FILE: '/nonexistent',
  TEMPORAL_ADDRESS: address,
  TEMPORAL_NAMESPACE: namespace,
});
