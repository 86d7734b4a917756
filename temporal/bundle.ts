import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleOption } from '@temporalio/worker';

/** Is this the build, or are the sources run as they are? */
const built = import.meta.url.endsWith('.js');

/** Where `npm run build` puts the workflows, beside the rest of it. */
export const bundleFile = fileURLToPath(
  new URL(built ? '../workflow-bundle.js' : '../dist/workflow-bundle.js', import.meta.url),
);

/** The workflows as a worker loads them: those that were made for it, of the build, or made now, which takes seconds. */
export async function workflowBundle(made?: string): Promise<WorkflowBundleOption> {
  if (made !== undefined) return { codePath: made };
  return built ? { codePath: bundleFile } : { code: await bundleWorkflows() };
}

const workflows = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));
const traces = fileURLToPath(new URL('../workflows/kit/traces.ts', import.meta.url));

/** The workflows as one script; its source map is inside. */
export async function bundleWorkflows(): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: workflows,
    workflowInterceptorModules: [traces],
    // Once, instead of for each run that is begun, or read again: no module of ours has a state (`test/boundaries`)
    preloadModules: ['@temporalio/workflow', workflows, traces],
    logger: new DefaultLogger('WARN'),
    // Each start of a worker reads, decodes and hands on the map: the sources lie beside it
    webpackConfigHook: (webpack) => ({ ...webpack, devtool: 'inline-nosources-source-map' }),
  });
  return code;
}
