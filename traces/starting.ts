import { context, propagation } from '@opentelemetry/api';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { TRACE_HEADER, type TraceContext, traceContext } from '../domain/trace.ts';

/**
 * A run belongs to the trace of the request that starts it. What goes on for months is started by a signal, and belongs to
 * none: each of its activities begins its own.
 */
export const starting: readonly WorkflowClientInterceptor[] = [
  {
    startWithDetails: async (input, next) => {
      const trace = current();
      if (trace === undefined) return await next(input);
      return await next({
        ...input,
        headers: { ...input.headers, [TRACE_HEADER]: defaultPayloadConverter.toPayload(trace) },
      });
    },
  },
];

function current(): TraceContext | undefined {
  const carrier = {};
  propagation.inject(context.active(), carrier);
  return traceContext(carrier);
}
