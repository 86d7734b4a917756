import { context, diag, DiagLogLevel, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { followCalls } from './calls.ts';
import { requests } from './requests.ts';
import { ChosenIds, followRuns } from './runs.ts';
import { starting } from './starting.ts';
import { working } from './steps.ts';
import type { Traces } from './traces.ts';

/** So long the end of a program waits for a collector. */
const FLUSH_MS = 2_000;

/** Once in a process. Where to send to, how much of it and under what name, the library reads from `OTEL_*` itself. */
export function openTraces(service: string, warn: (message: string) => void, variables: NodeJS.ProcessEnv): Traces {
  diag.setLogger(
    { error: warn, warn, info: () => undefined, debug: () => undefined, verbose: () => undefined },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const ids = new ChosenIds();
  const provider = new BasicTracerProvider({
    idGenerator: ids,
    resource: resourceFromAttributes({ 'service.name': service }).merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(exporterFor(variables))],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  const tracer = provider.getTracer('ferry');
  const unfollow = [followCalls(tracer), followRuns(tracer, ids)];
  return {
    requests: requests(tracer),
    starting,
    working: working(tracer),
    close: async () => {
      for (const end of unfollow) end();
      const late = new Promise<void>((resolve) => setTimeout(resolve, FLUSH_MS).unref());
      await Promise.race([provider.shutdown(), late]).catch((error: unknown) => warn(String(error)));
      for (const used of [trace, propagation, context, diag]) used.disable();
    },
  };
}

/** `http/protobuf` is what OpenTelemetry's specification wants where nothing is said; gRPC is not spoken. */
function exporterFor(variables: NodeJS.ProcessEnv): SpanExporter {
  const protocol =
    variables['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] || variables['OTEL_EXPORTER_OTLP_PROTOCOL'] || 'http/protobuf';
  if (protocol === 'http/json') return new JsonExporter();
  if (protocol !== 'http/protobuf')
    diag.warn(`traces are sent by http/protobuf or http/json, and not by ${protocol}: http/protobuf it is`);
  return new ProtobufExporter();
}
