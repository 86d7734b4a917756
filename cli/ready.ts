import { join } from 'node:path';
import { run } from '../servers/program.ts';
import { isBuilt, program } from './built.ts';
import type { Phases } from './started.ts';

const LIMIT_MS = 120_000;
const nothing = (): void => undefined;

/**
 * What is started is built first where it was not: that takes a third of the work of starting so many programs from
 * their sources. Where it cannot be built these are run as they are; the workflows are made once then, for every worker.
 */
export async function madeReady(data: string, phases: Phases): Promise<NodeJS.ProcessEnv> {
  if (isBuilt()) return {};
  await phases.timed('build', build()).catch((error: unknown) => {
    phases.say(`cannot be built (${(error as Error).message}): the sources are run as they are, which takes longer`);
  });
  if (isBuilt()) return {};
  const file = join(data, 'workflow-bundle.js');
  await ran('the workflows', 'temporal/make-bundle.ts', file);
  return { FERRY_WORKFLOW_BUNDLE: file };
}

const build = async (): Promise<void> => await ran('the build', 'cli/build.ts', '--where-needed');

async function ran(what: string, script: string, ...more: readonly string[]): Promise<void> {
  const args = [...program(script), ...more];
  await run(what, { program: process.execPath, args, limitMs: LIMIT_MS }, nothing);
}
