import { propagation, ROOT_CONTEXT, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { RandomIdGenerator } from '@opentelemetry/sdk-trace-base';
import { spanOfRun } from '../domain/trace.ts';
import { type RunEnded, runsEnded } from './told.ts';

/** The next span may be given its id: the one by which others have named it as their parent already. */
export class ChosenIds extends RandomIdGenerator {
  readonly #random = new RandomIdGenerator();
  #chosen: string | undefined;

  override generateSpanId = (): string => {
    const id = this.#chosen ?? this.#random.generateSpanId();
    this.#chosen = undefined;
    return id;
  };

  /** For a span that `begin` begins, and no other. */
  choose<T>(id: string, begin: () => T): T {
    this.#chosen = id;
    try {
      return begin();
    } finally {
      this.#chosen = undefined;
    }
  }
}

/** The span of a run is made when it ends, by whichever worker ends it: none could keep it open meanwhile. */
export function followRuns(tracer: Tracer, ids: ChosenIds): () => void {
  const end = (told: unknown): void => {
    const { begun, outcome, type, workflowId, runId, startedMs } = told as RunEnded;
    const parent = propagation.extract(ROOT_CONTEXT, begun);
    const attributes = { 'ferry.workflow': workflowId, 'ferry.run': runId, 'ferry.outcome': outcome };
    const span = ids.choose(spanOfRun(runId), () =>
      tracer.startSpan(type, { startTime: startedMs, attributes }, parent),
    );
    if (outcome === 'failed') span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  };
  runsEnded.subscribe(end);
  return () => {
    runsEnded.unsubscribe(end);
  };
}
