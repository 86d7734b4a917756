import { execFileSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { keepsTheContract } from '../sandbox/application.suite.ts';
import { takesThePlaceOfTheDead } from '../sandbox/takeover.suite.ts';
import { another, carriesWhateverIsKept } from './context.suite.ts';
import { keepsWhatItAccepted } from './journal.suite.ts';
import { claimNetwork } from '../support/network.ts';

const { net } = await claimNetwork();
const main = fileURLToPath(new URL('../../templates/python/main.py', import.meta.url));

/** Where it is, past what only finds it; undefined: there is none. */
function python(): string | undefined {
  try {
    return execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

const found = python();
describe.skipIf(found === undefined)('the template (skipped where there is no python3)', () => {
  const started = async (): Promise<readonly string[]> => [found ?? '', '-B', main];
  keepsWhatItAccepted(net, keepsTheContract(net, started));
  takesThePlaceOfTheDead(net, started);
  carriesWhateverIsKept(net, async (folder) => {
    cpSync(path.dirname(main), folder, { recursive: true });
    writeFileSync(path.join(folder, 'context.py'), another.python);
    return [found ?? '', '-B', path.join(folder, 'main.py')];
  });
});
