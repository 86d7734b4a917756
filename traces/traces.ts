import type { IncomingMessage, RequestListener } from 'node:http';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { WorkerInterceptors } from '@temporalio/worker';

/** Who asks. `trusting`: a trace that he has begun goes on. `routeOf`: which route that is; without it as Express tells. */
export interface From {
  readonly trusting: boolean;
  readonly routeOf?: (req: IncomingMessage) => string | undefined;
}

/** What a program of ours does so that what it does is followed. */
export interface Traces {
  /** Requests to a listener of ours, and all that comes of them. */
  readonly requests: (served: RequestListener, from: From) => RequestListener;
  /** Of a client: a run belongs to the trace of whoever starts it. */
  readonly starting: readonly WorkflowClientInterceptor[];
  /** Of a worker: attempts of activities. What they call, and the ends of runs, are told by channels. */
  readonly working: WorkerInterceptors;
  /** Sends what has not been sent yet, within a second or two. Never throws. */
  readonly close: () => Promise<void>;
}

/** Is there somebody to be told? As OpenTelemetry's SDKs decide it, but that without an address nothing is sent. */
export function areWanted(variables: NodeJS.ProcessEnv): boolean {
  const told = (name: string): string => (variables[name] ?? '').trim();
  const to = told('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') || told('OTEL_EXPORTER_OTLP_ENDPOINT');
  return (
    to !== '' &&
    told('OTEL_SDK_DISABLED').toLowerCase() !== 'true' &&
    told('OTEL_TRACES_EXPORTER').toLowerCase() !== 'none'
  );
}

/** Where nobody is to be told, nothing of the library is even loaded. */
export async function tracesOf(
  service: string,
  warn: (message: string) => void,
  variables: NodeJS.ProcessEnv = process.env,
): Promise<Traces | undefined> {
  if (!areWanted(variables)) return undefined;
  const { openTraces } = await import('./open.ts');
  return openTraces(service, warn, variables);
}
