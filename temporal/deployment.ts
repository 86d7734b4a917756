import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import { waitsQueue } from './queues.ts';

/**
 * The deployment is called after the task queue: several Ferrys of one namespace have their own versions. Temporal uses
 * dots and colons between the two names.
 */
export const versionOf = (taskQueue: string, buildId: string): WorkerDeploymentVersion => ({
  deploymentName: taskQueue.replaceAll(/[.:]/g, '-'),
  buildId,
});

/** The release and what its workflows are: two builds with the same workflows are one version. */
export function buildIdOf(bundle: { readonly code: string } | { readonly codePath: string }): string {
  const built = import.meta.url.endsWith('.js');
  const file = new URL(built ? '../../package.json' : '../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  const code = 'code' in bundle ? bundle.code : readFileSync(bundle.codePath, 'utf8');
  return `${version}-${createHash('sha256').update(code).digest('hex').slice(0, 10)}`;
}

/** What became of a version: it takes new runs; or another one does, and this one waits to be made current. */
export type Standing = { readonly current: true } | { readonly current: false; readonly instead: string };

/**
 * gRPC: not found, failed precondition, aborted (somebody changed the deployment meanwhile, or not every queue is polled
 * yet); and what passes: deadline exceeded, resource exhausted, unavailable.
 */
const NOT_YET = new Set([5, 9, 10, 4, 8, 14]);

/**
 * Makes a version current, which is what new runs go to: where the deployment has none yet, so that a first worker needs
 * no hands, or `always`. Waits until the server has seen both of its queues polled.
 */
export async function promote(
  { workflowService, options: { namespace } }: Client,
  version: WorkerDeploymentVersion,
  taskQueue: string,
  { always, limitMs = 60_000 }: { always: boolean; limitMs?: number },
): Promise<Standing> {
  const { deploymentName, buildId } = version;
  const begun = performance.now();
  const queues = [taskQueue, waitsQueue(taskQueue)];
  let last = new Error('not every task queue of it is polled');
  /** Another one would be given new runs until the queues are told. */
  let replacing = false;
  while (performance.now() - begun < limitMs) {
    try {
      const { conflictToken, workerDeploymentInfo } = await workflowService.describeWorkerDeployment({
        namespace,
        deploymentName,
      });
      const current = workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId ?? '';
      if (current === buildId && !replacing) return { current: true };
      // Of one that has just become current a server answers seconds later: it is telling its queues so
      const { versionTaskQueues } = await workflowService.describeWorkerDeploymentVersion({
        namespace,
        deploymentVersion: version,
      });
      if (current === buildId) return { current: true };
      if (current !== '' && !always) return { current: false, instead: current };
      if (queues.every((queue) => versionTaskQueues?.some(({ name }) => name === queue))) {
        replacing = current !== '';
        await workflowService.setWorkerDeploymentCurrentVersion({ namespace, deploymentName, buildId, conflictToken });
      }
    } catch (error) {
      if (!NOT_YET.has((error as { code?: number }).code ?? -1)) throw error;
      last = error as Error;
    }
    await pause(100);
  }
  throw new Error(
    `version ${buildId} of deployment ${deploymentName} is not current after ${limitMs / 1_000} s: ${last.message}`,
    { cause: last },
  );
}
