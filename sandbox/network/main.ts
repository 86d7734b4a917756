import { parseArgs } from 'node:util';
import { startNetwork } from './network.ts';

/** `--net N`: the world's network. `--certificates`: the folder of those of the vantage points. Ends when its parent's pipe closes. */
const { values } = parseArgs({
  options: { net: { type: 'string', default: '10' }, certificates: { type: 'string' } },
});

process.stdin.resume().once('close', () => process.exit(0));
try {
  const { url } = await startNetwork(Number(values.net), values.certificates);
  process.stdout.write(`network: ${url}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
