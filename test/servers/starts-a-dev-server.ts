import { join } from 'node:path';
import { freePort } from '../../cli/ports.ts';
import { startDevServer } from '../../servers/dev-server.ts';
import { temporalCli } from '../../servers/obtain.ts';

/** A parent to be killed: says where its dev server is, and waits. */
const [, , folder = '.'] = process.argv;
const port = await freePort('127.0.0.1', 0);
const { pid } = await startDevServer({
  cli: await temporalCli(),
  port,
  uiPort: await freePort('127.0.0.1', 0),
  database: join(folder, 'temporal.db'),
  log: join(folder, 'temporal.log'),
});
process.stdout.write(JSON.stringify({ pid, port }));
setInterval(() => undefined, 60_000);
