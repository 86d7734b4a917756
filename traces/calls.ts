import { context, propagation, type Span, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import { type PeerCall, type PeerCallBegun, peerCalls, peerCallsBegun } from './told.ts';

/** Each call of a peer is a span of whatever makes it, and the peer is told of which (`traceparent`). */
export function followCalls(tracer: Tracer): () => void {
  const open = new WeakMap<PeerCallBegun, Span>();
  const begin = (told: unknown): void => {
    const begun = told as PeerCallBegun;
    const { peer, method, place, headers } = begun;
    const span = tracer.startSpan(`${method} ${peer}`, {
      kind: SpanKind.CLIENT,
      attributes: { 'ferry.peer': peer, 'http.request.method': method, 'url.path': place },
    });
    propagation.inject(trace.setSpan(context.active(), span), headers);
    open.set(begun, span);
  };
  const end = (told: unknown): void => {
    const { begun, outcome } = told as PeerCall;
    const span = open.get(begun);
    if (span === undefined) return;
    if ('status' in outcome) span.setAttribute('http.response.status_code', outcome.status);
    else span.setAttribute('error.type', outcome.outcome);
    if (!('status' in outcome) || outcome.status >= 400) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  };
  peerCallsBegun.subscribe(begin);
  peerCalls.subscribe(end);
  return () => {
    peerCallsBegun.unsubscribe(begin);
    peerCalls.unsubscribe(end);
  };
}
