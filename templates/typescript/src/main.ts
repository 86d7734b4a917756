import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { client } from './clients.ts';
import { host, id, managementPort, port } from './contract/instance.ts';
import { managed } from './contract/management.ts';
import { peerAt } from './contract/state.ts';
import { ask, problem } from './contract/wire.ts';

/** Starts an instance: its client endpoint, and the management endpoint that Ferry and other instances ask. */

const answering =
  (handle: (req: IncomingMessage, res: ServerResponse) => Promise<void>): RequestListener =>
  (req, res) =>
    void handle(req, res).catch((error: unknown) => problem(res, error));

/** Tells the platform that it is up (MEC 011), and that its users may be moved (MEC 021). */
async function register(url: string): Promise<void> {
  const registration = { serviceConsumerId: { appInstanceId: id }, deviceInformation: [] };
  const told: [string, object][] = [
    [`/mec_app_support/v1/applications/${encodeURIComponent(id)}/confirm_ready`, { indication: 'READY' }],
    ['/amsi/v1/app_mobility_services', registration],
  ];
  for (const [path, message] of told)
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      const heard = await ask(`${url}${path}`, { body: JSON.stringify(message) }).catch(() => ({ status: 0 }));
      if (heard.status >= 200 && heard.status < 300) break;
      await pause(300);
    }
}

const servers = [
  createServer(answering(managed)).listen(managementPort, host),
  createServer(answering(client)).listen(port, host, () =>
    process.stderr.write(`${id} serves ${peerAt(host, port)}\n`),
  ),
];
/** Longer than clients keep a connection idle: the one who does not open it should not close it. */
for (const server of servers) server.keepAliveTimeout = 75_000;
process.once('SIGTERM', () => {
  for (const server of servers) server.close();
  setTimeout(() => process.exit(0), 1_000).unref();
});
const platform = process.env['PLATFORM_URL'];
if (platform) await register(platform.replace(/\/+$/, ''));
