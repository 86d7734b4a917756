/** When a run was begun, by Temporal's clock: its id is a UUID of version 7. Undefined: it is of another one. */
export function begunAt(runId: string): Date | undefined {
  const digits = runId.replaceAll('-', '');
  return digits[12] === '7' ? new Date(Number.parseInt(digits.slice(0, 12), 16)) : undefined;
}
