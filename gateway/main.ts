import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Logger, pino } from 'pino';
import { Tokens as Granted } from '../adapters/oauth/tokens.ts';
import { keepConfigured } from '../catalogue/configured.ts';
import { type Catalogue, openCatalogue } from '../catalogue/database.ts';
import { type GatewaySettings, gatewaySettings, orExit } from '../configuration/settings.ts';
import { askerBehind } from '../doors/asker.ts';
import { close, serverOf } from '../doors/server.ts';
import { Tokens } from '../doors/tokens/tokens.ts';
import { SCOPE } from '../protocols/mpp/path.ts';
import { Carrier, IDLE_MS } from './carrier.ts';
import { Counts } from './counts.ts';
import { innerFace, outerFace } from './faces.ts';
import { insideOf } from './inside.ts';
import type { Means } from './means.ts';
import { Poking } from './poking.ts';
import { routeOf } from './served.ts';
import { tracesOf } from '../traces/traces.ts';
import { Verdicts } from './verdicts.ts';

const CONNECTIONS = 4;
/** So long what is under way may take to end. */
const END_MS = 2_000;

const settings = orExit(gatewaySettings);
const { environment, configuration, federation, gateway: own } = settings;
const log = pino({ name: 'gateway', level: environment.FERRY_LOG_LEVEL }, pino.destination({ dest: 2, sync: true }));

const stopping = new AbortController();
const stop = (): void => stopping.abort();
process.once('SIGINT', stop).once('SIGTERM', stop);
if (process.argv.includes('--tethered'))
  process.stdin.once('close', stop).once('end', stop).once('error', stop).resume();

const traces = await tracesOf('ferry-gateway', (message) => log.warn(message));
const catalogue = await opened(settings, log);
const verdicts = new Verdicts(catalogue, federation, log);
const counts = new Counts(catalogue, log);
const carrier = new Carrier(federation.partners);
const ours = { taskQueue: environment.FERRY_TASK_QUEUE, world: configuration.world };
const poking = new Poking(ours, federation.pace.aliveSeconds, log);
const means: Means = {
  configuration,
  partners: federation.partners,
  own,
  catalogue,
  verdicts,
  counts,
  carrier,
  credentials: credentialsOf(settings, log),
  poke: (partner) => poking.poke(partner),
  isInside: insideOf(configuration),
  log,
};
/** Bodies may take long, as long as they go on coming. */
const bounds = { requestTimeout: 0 };
const inner = serverOf(traced(innerFace(means), true), bounds).setTimeout(IDLE_MS);
const asker = askerBehind(environment.FERRY_OUTER_PROXIES);
const outerServed = outerFace(means, new Tokens(federation.issuers), federation, asker);
const outer = serverOf(traced(outerServed, false), bounds).setTimeout(IDLE_MS);

try {
  const {
    FERRY_GATEWAY_HOST: host,
    FERRY_GATEWAY_PORT: port,
    FERRY_GATEWAY_OUTER_HOST: outerHost,
    FERRY_GATEWAY_OUTER_PORT: outerPort,
  } = environment;
  const said = { inner: await listening(inner, port, host), outer: await listening(outer, outerPort, outerHost) };
  process.stdout.write(`${JSON.stringify({ ready: true, ...said })}\n`);
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
  await Promise.all([close(inner, END_MS), close(outer, END_MS)]);
} catch (error) {
  log.error((error as Error).message);
  process.exitCode = 1;
} finally {
  stopping.abort();
  process.stdin.destroy();
  inner.close();
  outer.close();
  verdicts.end();
  await counts.end();
  await carrier.end();
  await poking.end();
  await catalogue.destroy();
  await traces?.close();
}

function traced(served: RequestListener, trusting: boolean): RequestListener {
  return traces?.requests(served, { trusting, routeOf }) ?? served;
}

async function listening(server: Server, port: number, host: string): Promise<string> {
  await once(server.listen(port, host), 'listening');
  const { address, family, port: bound } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
}

/** Who we are at each partner's authorization server. */
function credentialsOf({ federation: { partners } }: GatewaySettings, logger: Logger): Means['credentials'] {
  const granted = new Map(
    Object.entries(partners).map(
      ([name, { client, insecure = false, timeoutMs, url, hosts = [new URL(url).host] }]) => [
        name,
        new Granted({ name, ...client, scopes: [SCOPE], insecure, timeoutMs, hosts }, logger),
      ],
    ),
  );
  return (partner) => {
    const known = granted.get(partner);
    if (known === undefined) throw new TypeError(`no partner is called ${partner}`);
    return known;
  };
}

async function opened(
  { environment: { DATABASE_URL: url = '' } }: GatewaySettings,
  logger: Logger,
): Promise<Catalogue> {
  try {
    const opening = await openCatalogue({ url, connections: CONNECTIONS, world: configuration.world });
    for (const told of await keepConfigured(opening, configuration)) logger.warn(told);
    return opening;
  } catch (error) {
    logger.error(
      `the catalogue does not open (${(error as Error).message}): look at the PostgreSQL server of DATABASE_URL`,
    );
    return process.exit(1);
  }
}
