import { parseArgs } from 'node:util';
import { startIssuers } from './issuers.ts';

/**
 * `--net N`: the world's network; `--secrets`: the folder where clients find theirs; `--certificates`: that of those of the
 * issuers. Ends when its parent's pipe closes.
 */
const { values } = parseArgs({
  options: {
    net: { type: 'string', default: '10' },
    secrets: { type: 'string' },
    certificates: { type: 'string' },
  },
});

process.stdin.resume().once('close', () => process.exit(0));
try {
  if (values.secrets === undefined) throw new Error('--secrets is missing: a folder');
  const { url } = await startIssuers(Number(values.net), values.secrets, values.certificates);
  process.stdout.write(`issuers: ${url}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
