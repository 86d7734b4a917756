import { TestWorkflowEnvironment } from '@temporalio/testing';

/**
 * `tsx servers/download.ts cli|testServer <folder>`: the SDK downloads a server only to start it, so it is started once.
 * The executable stays in the folder. Ends with status 1 and one line when that fails.
 */
const [server, downloadDir = '.'] = process.argv.slice(2);
const executable = { type: 'cached-download', downloadDir } as const;
try {
  const environment =
    server === 'cli'
      ? await TestWorkflowEnvironment.createLocal({ server: { executable } })
      : await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
  await environment.teardown();
} catch (error) {
  const [line = ''] = (error as Error).message.split('\n');
  process.stderr.write(`${line.split('): ').at(-1)}\n`); // what comes before repeats the address
  process.exitCode = 1;
}
