import type { IncomingMessage, RequestListener } from 'node:http';
import {
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import type { Traces } from './traces.ts';

/** Asked every few seconds by whoever watches, and nothing comes of it. */
const UNTOLD = /^\/(health\/|metrics$)/;

/**
 * Each request is a span, by its route: the path may name things of others. A stranger's trace does not go on here, which
 * would let him decide what we keep; it is linked.
 */
export const requests =
  (tracer: Tracer): Traces['requests'] =>
  (served, { trusting, routeOf = expressRoute }): RequestListener =>
  (req, res) => {
    const { method = '', url = '' } = req;
    if (UNTOLD.test(url)) return served(req, res);
    const theirs = propagation.extract(ROOT_CONTEXT, req.headers);
    const link = trace.getSpanContext(theirs);
    const parent = trusting ? theirs : ROOT_CONTEXT;
    const span = tracer.startSpan(
      method,
      {
        kind: SpanKind.SERVER,
        attributes: { 'http.request.method': method },
        ...(!trusting && link !== undefined && { links: [{ context: link }] }),
      },
      parent,
    );
    res.once('close', () => end(span, { method, route: routeOf(req), status: res.statusCode }));
    return context.with(trace.setSpan(parent, span), () => served(req, res));
  };

interface Ended {
  readonly method: string;
  readonly route: string | undefined;
  readonly status: number;
}

function end(span: Span, { method, route, status }: Ended): void {
  if (route !== undefined) span.updateName(`${method} ${route}`).setAttribute('http.route', route);
  span.setAttribute('http.response.status_code', status);
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** As Express leaves it. */
function expressRoute(req: IncomingMessage): string | undefined {
  const { route, baseUrl = '' } = req as { route?: { path?: unknown }; baseUrl?: string };
  return typeof route?.path === 'string' ? `${baseUrl}${route.path}` : undefined;
}
