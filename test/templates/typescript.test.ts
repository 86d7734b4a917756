import { execFileSync } from 'node:child_process';
import { cpSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { claimNetwork } from '../support/network.ts';
import { keepsTheContract } from '../sandbox/application.suite.ts';
import { takesThePlaceOfTheDead } from '../sandbox/takeover.suite.ts';
import { another, carriesWhateverIsKept } from './context.suite.ts';
import { keepsWhatItAccepted } from './journal.suite.ts';

/** The template as its provider builds it: `npm run build`. */
const root = fileURLToPath(new URL('../../', import.meta.url));

const { net } = await claimNetwork();
const template = path.join(root, 'templates/typescript');
const built = async (folder: string, project = template): Promise<readonly string[]> => {
  execFileSync(path.join(root, 'node_modules/.bin/tsc'), ['--project', project, '--outDir', folder]);
  writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}');
  return [process.execPath, path.join(folder, 'main.js')];
};

keepsWhatItAccepted(net, keepsTheContract(net, built));
takesThePlaceOfTheDead(net, built);
carriesWhateverIsKept(net, async (folder) => {
  cpSync(template, folder, { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  writeFileSync(path.join(folder, 'src/context.ts'), another.typescript);
  return await built(path.join(folder, 'dist'), folder);
});
