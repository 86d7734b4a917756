import { Context } from '@temporalio/activity';
import { chainOf, type Digest, relocationId, stepKey } from '../domain/identity.ts';

/**
 * What every log line of a step tells of whose step it is, the audit lines among them (a pino `mixin`): which relocation, which
 * step, which attempt, under which key. A call that carries a key of its own tells that one. Outside of a step: nothing.
 */
export const effectOf = (digest: Digest) => (): Readonly<Record<string, unknown>> => {
  const info = current()?.info;
  if (info?.workflowExecution === undefined) return {};
  const { workflowId, runId } = info.workflowExecution;
  return {
    ...(workflowId.startsWith('relocation:') ? { relocation: relocationId(workflowId, runId) } : { run: workflowId }),
    step: info.activityType,
    attempt: info.attempt,
    key: stepKey(chainOf({ workflowId, firstExecutionRunId: runId }), info.activityType, digest),
  };
};

function current(): Context | undefined {
  try {
    return Context.current();
  } catch {
    return undefined;
  }
}
