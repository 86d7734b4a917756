import { join } from 'node:path';
import { startDevServer } from '../../servers/dev-server.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { claimNetwork, portsOf } from '../support/network.ts';

/** A parent to be killed: says where its dev server is, and waits. */
const [, , folder = '.'] = process.argv;
const [port, uiPort] = await portsOf((await claimNetwork()).net);
const { pid } = await startDevServer({
  cli: await temporalCli(),
  port,
  uiPort,
  database: join(folder, 'temporal.db'),
  log: join(folder, 'temporal.log'),
});
process.stdout.write(JSON.stringify({ pid, port }));
setInterval(() => undefined, 60_000);
