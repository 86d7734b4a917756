import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { Direction, RelocationRequest } from '../../domain/relocation.ts';
import type { RelocationMemo } from '../../workflows/messages.ts';

const REMEMBERED = 1_000;

type Order = Pick<RelocationMemo, 'request' | 'direction'>;

/** Relocations that somebody has started past the API, as the Temporal UI offers: what was ordered is their input. */
export class ByHand {
  readonly #temporal: Client;
  /** By run: it never changes. */
  readonly #orders = new Map<string, Order | undefined>();

  constructor(temporal: Client) {
    this.#temporal = temporal;
  }

  /** Undefined: it is no relocation, or nobody can tell of what. */
  async orderOf({
    type,
    workflowId,
    runId,
  }: Pick<WorkflowExecutionInfo, 'type' | 'workflowId' | 'runId'>): Promise<Order | undefined> {
    if (type !== 'relocateApplication') return undefined;
    if (!this.#orders.has(runId)) this.#remember(runId, await this.#read(workflowId, runId));
    return this.#orders.get(runId);
  }

  #remember(runId: string, order: Order | undefined): void {
    const [oldest] = this.#orders.keys();
    if (this.#orders.size >= REMEMBERED && oldest !== undefined) this.#orders.delete(oldest);
    this.#orders.set(runId, order);
  }

  async #read(workflowId: string, runId: string): Promise<Order | undefined> {
    const { history } = await this.#temporal.workflowService.getWorkflowExecutionHistory({
      namespace: this.#temporal.options.namespace,
      execution: { workflowId, runId },
      maximumPageSize: 1,
    });
    const [payload] = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    if (payload == null) return undefined;
    const input: unknown = this.#temporal.options.loadedDataConverter.payloadConverter.fromPayload(payload);
    const { request, direction } = (typeof input === 'object' && input !== null ? input : {}) as Partial<Order>;
    const [asked, way] = [RelocationRequest.safeParse(request), Direction.safeParse(direction)];
    return asked.success && way.success ? { request: asked.data, direction: way.data } : undefined;
  }
}
