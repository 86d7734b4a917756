import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isBuilt } from '../../cli/built.ts';

/** Before the tests that start processes: those start from `dist`, which is of this source then. */
export async function setup(): Promise<void> {
  if (isBuilt()) return;
  const made = spawn(process.execPath, ['--import', 'tsx', 'cli/build.ts', '--where-needed'], {
    stdio: 'inherit',
  });
  const [status] = await once(made, 'exit');
  if (status !== 0) throw new Error('the source could not be built');
}
