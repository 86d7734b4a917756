import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** Where `npm run build` puts it. */
export const bundleFile = fileURLToPath(new URL('../dist/workflow-bundle.js', import.meta.url));

/** The workflows as one script, as the worker loads them; its source map is inside. Takes a second or two. */
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
