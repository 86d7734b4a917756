/** The same for every retry, reset and continue-as-new of one procedure; another for the next one. */
export const chainOf = ({
  workflowId,
  firstExecutionRunId,
}: {
  workflowId: string;
  firstExecutionRunId: string;
}): string => `${workflowId}/${firstExecutionRunId}`;
