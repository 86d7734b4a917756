import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Who claims a network, needs the database, starts a process, or plays every odd answer, imports it. */
const STARTS =
  /from '(node:child_process|(\.\.?\/)+(support\/)?(network|catalogue|consuming|two-sides|browser|played-source)\.ts|(\.\.\/)+(servers\/dev-server|cli\/(child|shell))\.ts)'/;

/** Test files that start processes, or need servers or fixed addresses of this machine: those of `engine` and `endtoend` do. */
export const processes = (): string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .filter((file) => /^(engine|endtoend)\//.test(file) || STARTS.test(readFileSync(`${root}${file}`, 'utf8')))
    .map((file) => `test/${file}`)
    .toSorted();
