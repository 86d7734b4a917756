import {
  Connection,
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';

/**
 * A connection for answering requests: made when it is needed first, so that the API starts without Temporal; it gives up
 * within about 2 s (five attempts, 100 ms × 1.7ⁿ apart), since a pause between two attempts knows no deadline; and it
 * finds a Temporal that has come back within 2 s, however long that was away.
 */
export const connectionFor = (options: ConnectionOptions): Connection =>
  Connection.lazy({
    ...options,
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 5, initialIntervalMs: () => 100 }))],
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 2_000 },
  });
