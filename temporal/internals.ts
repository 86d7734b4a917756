/**
 * What the SDK offers to nobody and we cannot do without, each for a reason. The SDK's version is pinned exactly, and
 * test/temporal/internals.test.ts says after an update what is gone or does something else.
 */

/** To start a run under a request id of ours: by it the server joins two starts of the same. */
export {
  type InternalWorkflowStartOptions,
  InternalWorkflowStartOptionsSymbol,
} from '@temporalio/client/lib/internal.js';

/** To page through visibility by its own tokens; the client iterates only. */
export { executionInfoFromRaw } from '@temporalio/client/lib/helpers.js';

/** Times and durations of the server's answers and requests. */
export { msNumberToTs, optionalTsToDate } from '@temporalio/common/lib/time.js';

/** To register search attributes. */
export { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';

/** The only form of a history that a replay reads. */
export { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
