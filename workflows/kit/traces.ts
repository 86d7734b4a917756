import type { Payload } from '@temporalio/common';
import {
  defaultPayloadConverter,
  proxySinks,
  type Sinks,
  workflowInfo,
  type WorkflowInterceptorsFactory,
} from '@temporalio/workflow';
import { TRACE_HEADER, type TraceContext, traceContext, within } from '../../domain/trace.ts';

/** What a worker is told of a run when it ends: its span is made there, as nothing of the library for it is here. */
export interface TraceSinks extends Sinks {
  readonly traces: { ended: (told: { readonly begun: TraceContext; readonly outcome: string }) => void };
}

/**
 * Whoever starts a run may send the trace along to which it belongs; it is passed on to each activity, with the run as the
 * parent. Where none was sent nothing is done. No command depends on it, and no promise is awaited that was not awaited
 * before: a history is the same with it and without it, but for the header.
 */
export const interceptors: WorkflowInterceptorsFactory = () => {
  let begun: TraceContext | undefined;
  let header: Payload | undefined;
  const ended = (outcome: string): void => {
    if (begun !== undefined) proxySinks<TraceSinks>().traces.ended({ begun, outcome });
  };
  return {
    inbound: [
      {
        execute(input, next) {
          begun = received(input.headers[TRACE_HEADER]);
          if (begun === undefined) return next(input);
          header = defaultPayloadConverter.toPayload(within(begun, workflowInfo().runId));
          return next(input).then(
            (result) => {
              ended(outcomeOf(result));
              return result;
            },
            (error: unknown) => {
              ended('failed');
              throw error;
            },
          );
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) =>
          next(header === undefined ? input : { ...input, headers: { ...input.headers, [TRACE_HEADER]: header } }),
      },
    ],
  };
};

/** Who has sent something else, in whatever form, has sent none: it fails nothing. */
function received(payload: Payload | undefined): TraceContext | undefined {
  try {
    return payload === undefined ? undefined : traceContext(defaultPayloadConverter.fromPayload(payload));
  } catch {
    return undefined;
  }
}

/** Our procedures end with a word for it; the others are done when they return. */
function outcomeOf(result: unknown): string {
  const { outcome } = (result ?? {}) as { outcome?: unknown };
  return typeof outcome === 'string' ? outcome : 'done';
}
