import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse } from 'protobufjs';

/** As OTLP has them, what is read here of it (opentelemetry/proto/trace/v1/trace.proto). */
const { root } = parse(`
  syntax = "proto3";
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5;
    repeated KeyValue attributes = 9; repeated Event events = 11; repeated Link links = 13; Status status = 15;
  }
  message Event { string name = 2; }
  message Link { bytes trace_id = 1; bytes span_id = 2; }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { string string_value = 1; int64 int_value = 3; }
`);
const Request = root.lookupType('Request');

interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string | number };
}

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes?: readonly Attribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

/** A span as it arrived, and the service that sent it. */
export interface Span extends Omit<SentSpan, 'attributes'> {
  readonly service: string;
  readonly told: Readonly<Record<string, string>>;
}

/** A collector of traces: it takes OTLP over HTTP in both forms, and keeps what it was sent. */
export class Collector {
  readonly spans: Span[] = [];
  /** All of it, as text: what must not be in it is not in here. */
  text = '';
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Collector> {
    const collector = new Collector(
      createServer((req, res) => {
        void collector.#take(req).then(() => res.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
      }),
    );
    await once(collector.#server.listen(0, '127.0.0.1'), 'listening');
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  named(name: string | RegExp): Span[] {
    return this.spans.filter((span) => (typeof name === 'string' ? span.name === name : name.test(span.name)));
  }

  async #take(req: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const sent =
      req.headers['content-type'] === 'application/json' ? (JSON.parse(body.toString()) as Sent) : decoded(body);
    this.text += JSON.stringify(sent);
    for (const { resource, scopeSpans } of sent.resourceSpans)
      for (const { attributes = [], ...span } of scopeSpans.flatMap(({ spans }) => spans))
        this.spans.push({ ...span, service: told(resource.attributes)['service.name'] ?? '', told: told(attributes) });
  }
}

const told = (attributes: readonly Attribute[]): Record<string, string> =>
  Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue } }) => [key, stringValue || String(intValue ?? '')]),
  );

/** In bytes there, in hexadecimal digits here. */
function decoded(body: Buffer): Sent {
  const read = Request.toObject(Request.decode(body), { longs: String, bytes: Array }) as object;
  return JSON.parse(
    JSON.stringify(read, (key, value: unknown) =>
      /SpanId$|traceId|spanId/.test(key) ? Buffer.from(value as number[]).toString('hex') : value,
    ),
  ) as Sent;
}
