import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import type { connectionSettings } from './connection.ts';
import { encodeSearchAttributeIndexedValueType } from './internals.ts';
import { searchAttributes } from './search-attributes.ts';

/**
 * Returns when Temporal serves the namespace and knows our search attributes; those that are missing are made. Throws an
 * Error that says what it waited for when that takes longer than `limitMs`, and the signal's reason when aborted.
 */
export async function temporalReady(
  { connectionOptions, namespace }: Pick<ReturnType<typeof connectionSettings>, 'connectionOptions' | 'namespace'>,
  limitMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const begun = performance.now();
  for (;;) {
    try {
      if (await prepared(connectionOptions, namespace)) return;
    } catch (error) {
      if (performance.now() - begun > limitMs)
        throw new Error(
          `Temporal at ${connectionOptions.address}, namespace ${namespace}, is not ready: ${(error as Error).message}`,
          { cause: error },
        );
    }
    await pause(100, undefined, signal === undefined ? {} : { signal });
  }
}

async function prepared(
  options: ReturnType<typeof connectionSettings>['connectionOptions'],
  namespace: string,
): Promise<boolean> {
  const connection = await Connection.connect({ ...options, connectTimeout: '2 seconds' });
  try {
    return await connection.withDeadline(Date.now() + 5_000, async () => {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      const missing = Object.values(searchAttributes).filter(({ name }) => !Object.hasOwn(customAttributes, name));
      if (missing.length === 0) return true;
      await connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(
          missing.map(({ name, type }) => [name, encodeSearchAttributeIndexedValueType(type) ?? 0]),
        ),
      });
      return false; // looked for once more
    });
  } finally {
    await connection.close();
  }
}
