import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { claimNetwork } from '../support/network.ts';
import { keepsTheContract } from '../sandbox/application.suite.ts';
import { takesThePlaceOfTheDead } from '../sandbox/takeover.suite.ts';
import { keepsWhatItAccepted } from './journal.suite.ts';

/** The template as its provider builds it: `npm run build`. */
const root = fileURLToPath(new URL('../../', import.meta.url));

const { net } = await claimNetwork();
const built = async (folder: string): Promise<readonly string[]> => {
  execFileSync(path.join(root, 'node_modules/.bin/tsc'), [
    '--project',
    path.join(root, 'templates/typescript'),
    '--outDir',
    folder,
  ]);
  writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}');
  return [process.execPath, path.join(folder, 'main.js')];
};

keepsWhatItAccepted(net, keepsTheContract(net, built));
takesThePlaceOfTheDead(net, built);
