import { parseArgs } from 'node:util';
import { startDevices } from './control.ts';

/** `--net N`: the world's network. Ends when its parent's pipe closes. */
const { values } = parseArgs({ options: { net: { type: 'string', default: '10' } } });

process.stdin.resume().once('close', () => process.exit(0));
try {
  const { url } = await startDevices(Number(values.net));
  process.stdout.write(`devices: ${url}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
