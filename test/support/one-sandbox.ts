import { AsyncLocalStorage } from 'node:async_hooks';
import { ThreadedVMWorkflowCreator as Sandbox } from '@temporalio/worker/lib/workflow/threaded-vm.js';

type Plan = Parameters<typeof Sandbox.create>[0];
type Run = Awaited<ReturnType<Sandbox['createWorkflow']>>;

const sharing = new AsyncLocalStorage<true>();

/**
 * Workers that are made within have the thread in common in which workflows run, with all of this process: when it starts it
 * loads the SDK, a quarter of a second of CPU. Each run has a scope of its own there, by its id: no two of these workers may
 * serve the same run.
 */
export const inOneSandbox = async <T>(making: () => Promise<T>): Promise<T> => await sharing.run(true, making);

const ofItsOwn = Sandbox.create.bind(Sandbox);
Sandbox.create = async (plan) => (sharing.getStore() === true ? partOf(await sandboxOf(plan)) : await ofItsOwn(plan));

/** By all that it knows of its workers: the workflows, and the names of activities. */
const sandboxes = new Map<string, Promise<Sandbox>>();

async function sandboxOf(plan: Plan): Promise<Sandbox> {
  const known = JSON.stringify([plan.workflowBundle.code, ...plan.registeredActivityNames]);
  const sandbox = sandboxes.get(known) ?? ofItsOwn(plan);
  sandboxes.set(known, sandbox);
  return await sandbox;
}

/** One worker's: with that worker its runs end, and the thread goes on. */
function partOf(sandbox: Sandbox): Sandbox {
  const runs: Run[] = [];
  return Object.create(sandbox, {
    createWorkflow: {
      value: async (...plan: Parameters<Sandbox['createWorkflow']>): Promise<Run> => {
        const run = await sandbox.createWorkflow(...plan);
        runs.push(run);
        return run;
      },
    },
    destroy: { value: async () => await Promise.all(runs.map(async (run) => await run.dispose())) },
  }) as Sandbox;
}
