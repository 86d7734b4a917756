import { setTimeout as sleep } from 'node:timers/promises';
import { InterceptingCall, type Interceptor, status as statuses } from '@grpc/grpc-js';
import {
  Connection,
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';

/**
 * A connection for whoever must not hang: made when it is needed first, so that the API starts without Temporal; it gives up
 * within about 2 s (five attempts, 100 ms × 1.7ⁿ apart), since a pause between two attempts knows no deadline; and it
 * finds a Temporal that has come back within 2 s, however long that was away. Closing it cancels the calls under way, and
 * waits for them: an attempt that wakes up from its pause on a closed channel throws where nobody can catch it.
 */
export function connectionFor(options: ConnectionOptions): Connection {
  const underWay = new Set<InterceptingCall>();
  const watched: Interceptor = (made, next) => {
    const call: InterceptingCall = new InterceptingCall(next(made), {
      start: (metadata, _, begin) => {
        underWay.add(call);
        begin(metadata, {
          onReceiveStatus: (status, tell) => {
            underWay.delete(call);
            tell(status);
          },
        });
      },
    });
    return call;
  };
  const connection = Connection.lazy({
    ...options,
    interceptors: [
      watched,
      makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 5, initialIntervalMs: () => 100 })),
    ],
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 2_000 },
  });
  const close = connection.close.bind(connection);
  connection.close = async () => {
    for (const call of underWay) call.cancelWithStatus(statuses.CANCELLED, 'the connection is being closed');
    while (underWay.size > 0) await sleep(10);
    await close();
  };
  return connection;
}
