/** How a trace is passed on: between programs (W3C Trace Context), and with what Temporal carries. */

/** As the SDKs of Temporal call it in all languages. */
export const TRACE_HEADER = '_tracer-data';

export interface TraceContext {
  readonly traceparent: string;
  /** Of whoever traces beside us; passed on as it came. */
  readonly tracestate?: string;
}

const PARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Anybody may have sent it: undefined where it is no trace. */
export function traceContext(sent: unknown): TraceContext | undefined {
  const { traceparent, tracestate } = (sent ?? {}) as Record<string, unknown>;
  if (typeof traceparent !== 'string' || !PARENT.test(traceparent)) return undefined;
  return { traceparent, ...(typeof tracestate === 'string' && { tracestate }) };
}

/** The span of a run is known by the run: whoever works for it, whenever and wherever, names the same parent. */
export const spanOfRun = (runId: string): string => runId.replaceAll('-', '').slice(-16); // random, where the front of it is a time

/** The same trace, with the run as the parent. */
export function within({ traceparent, ...more }: TraceContext, runId: string): TraceContext {
  const [, trace, , flags] = PARENT.exec(traceparent) ?? [];
  return { ...more, traceparent: `00-${trace}-${spanOfRun(runId)}-${flags}` };
}
