import { context, propagation, ROOT_CONTEXT, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import type { WorkerInterceptors } from '@temporalio/worker';
import { outcomeOf } from '../activities/failure.ts';
import { TRACE_HEADER, traceContext } from '../domain/trace.ts';

/** Each attempt of an activity is a span of its run, by the name of the step. */
export const working = (tracer: Tracer): WorkerInterceptors => ({
  activity: [
    ({ info }) => ({
      inbound: {
        async execute(input, next) {
          const parent = propagation.extract(ROOT_CONTEXT, traceOf(input.headers));
          const attributes = {
            'ferry.attempt': info.attempt,
            'ferry.workflow': info.workflowExecution?.workflowId ?? '',
            'ferry.run': info.workflowExecution?.runId ?? '',
          };
          const span = tracer.startSpan(info.activityType, { attributes }, parent);
          try {
            return await context.with(trace.setSpan(parent, span), async () => await next(input));
          } catch (error) {
            // Its sentence may quote a peer, and its stack names files: the word for it is enough
            span.setAttribute('error.type', outcomeOf(error)).setStatus({ code: SpanStatusCode.ERROR });
            throw error;
          } finally {
            span.end();
          }
        },
      },
    }),
  ],
});

function traceOf({ [TRACE_HEADER]: sent }: Headers): object {
  try {
    return (sent === undefined ? undefined : traceContext(defaultPayloadConverter.fromPayload(sent))) ?? {};
  } catch {
    return {};
  }
}
