import { Carrier } from './carrier.ts';
import { type Habits, wellBehaved } from './state.ts';

/** An instance of the carrier. `HABITS`: those that it does not have, with commas. It ends when it is asked to (SIGTERM). */
const { INSTANCE_ID: id, HOST: host, PORT, MANAGEMENT_PORT, PLATFORM_URL: platform, HABITS = '' } = process.env;
if (!id || !host) throw new Error('INSTANCE_ID and HOST have to be set');

const lacking = HABITS.split(',');
const habits = Object.fromEntries(
  Object.keys(wellBehaved).map((name) => [name, !lacking.includes(name)]),
) as unknown as Habits;
const carrier = new Carrier({
  id,
  host,
  port: Number(PORT ?? 7_000),
  providerPort: Number(MANAGEMENT_PORT ?? 7_001),
  habits,
  lateMs: 3_000,
});
process.once('SIGTERM', () => void carrier.close().then(() => process.exit(0)));
await carrier.open(platform?.replace(/\/+$/, ''));
process.stderr.write(`${id} serves clients on ${host}\n`);
