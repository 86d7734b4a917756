import { peerAt } from './messages.ts';
import { register } from './platform.ts';
import { proofIn } from './proof.ts';
import { serve } from './server.ts';

/** An instance of the counter. It ends when it is asked to (SIGTERM). */
const { INSTANCE_ID: id, HOST: host, PLATFORM_URL: platform } = process.env;

const whole = (name: string, usual: number): number => {
  const text = process.env[name];
  const value = Number(text || usual);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${name} has to be a whole number above 0, and is ${text}`);
};
if (!id || !host) throw new Error('INSTANCE_ID and HOST have to be set');

const port = whole('PORT', 7000);
const application = await serve({
  id,
  host,
  port,
  managementPort: whole('MANAGEMENT_PORT', 7001),
  freezeLimitMs: whole('FREEZE_LIMIT_MS', 2_000),
  proof: proofIn(process.env),
});
process.stderr.write(`${id} serves clients on ${peerAt(host, port)}\n`);

let ending = false;
const end = async (why: string): Promise<void> => {
  if (ending) return;
  ending = true;
  await application.close();
  process.stderr.write(`${id} ends: ${why}\n`);
  process.exit(0);
};
process.once('SIGTERM', () => void end('it was asked to'));
if (platform) await register(platform.replace(/\/+$/, ''), id);
