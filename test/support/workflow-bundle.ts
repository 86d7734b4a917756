import { readFile } from 'node:fs/promises';
import { isBuilt } from '../../cli/built.ts';
import { bundleWorkflows } from '../../temporal/bundle.ts';

const built = new URL('../../dist/workflow-bundle.js', import.meta.url);

/** All workflows, as a worker takes them. */
export const workflowBundle = { code: isBuilt() ? await readFile(built, 'utf8') : await bundleWorkflows() };
