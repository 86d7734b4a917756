import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleOption } from '@temporalio/worker';

/** Is this the build, or are the sources run as they are? */
const built = import.meta.url.endsWith('.js');

/** Where `npm run build` puts the workflows, beside the rest of it. */
const bundleFile = fileURLToPath(
  new URL(built ? '../workflow-bundle.js' : '../dist/workflow-bundle.js', import.meta.url),
);

/** The workflows as a worker loads them: from the build, or made now, which takes a second or two. */
export const workflowBundle = async (): Promise<WorkflowBundleOption> =>
  built ? { codePath: bundleFile } : { code: await bundleWorkflows() };

/** The workflows as one script; its source map is inside. */
export async function bundleWorkflows(): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
    preloadModules: ['@temporalio/workflow'],
    logger: new DefaultLogger('WARN'),
  });
  return code;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const code = await bundleWorkflows();
  await mkdir(dirname(bundleFile), { recursive: true });
  await writeFile(bundleFile, code);
}
