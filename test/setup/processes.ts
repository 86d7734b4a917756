import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Who claims a network, needs the database or a runtime of its own, starts a process, or plays every odd answer, imports it. */
const STARTS =
  /from '(node:child_process|(\.\.?\/)+(support\/)?(network|catalogue|consuming|two-sides|browser|played-source)\.ts|(\.\.\/)+(servers\/dev-server|cli\/(child|shell)|worker\/metrics)\.ts)'/;

/** Test files, besides those of `engine` and `endtoend`, that start processes or need fixed addresses of this machine. */
export const processes = (): string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !/^(engine|endtoend)\//.test(file))
    .filter((file) => STARTS.test(readFileSync(`${root}${file}`, 'utf8')))
    .map((file) => `test/${file}`)
    .toSorted();
