import { join } from 'node:path';
import { run } from '../servers/program.ts';
import { isBuilt, program } from './built.ts';

const LIMIT_MS = 120_000;

/** The workflows of sources that are run as they are: made once, for every worker; a build has them. */
export async function bundleOf(data: string): Promise<NodeJS.ProcessEnv> {
  if (isBuilt()) return {};
  const file = join(data, 'workflow-bundle.js');
  const args = [...program('temporal/make-bundle.ts'), file];
  await run('the workflows', { program: process.execPath, args, limitMs: LIMIT_MS }, () => undefined);
  return { FERRY_WORKFLOW_BUNDLE: file };
}
