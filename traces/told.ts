import { channel } from 'node:diagnostics_channel';
import type { TraceContext } from '../domain/trace.ts';

/** What is told inside a program to whoever measures or follows it: nobody, as a rule. */

/** A call of a peer that is about to be made. What is put into `headers` is sent along. */
export interface PeerCallBegun {
  readonly peer: string;
  readonly method: string;
  /** As an audit line tells it. */
  readonly place: string;
  readonly headers: Record<string, string>;
}

/** What it has come to. `outcome`: instead of a status. */
export interface PeerCall {
  readonly begun: PeerCallBegun;
  readonly outcome: { readonly status: number } | { readonly outcome: string };
  /** Why it did not serve, a sentence. Absent: it served, be it with a refusal, or it was not waited for. */
  readonly failure?: string;
  readonly ms: number;
}

/** A run that belongs to a trace, and has ended here. */
export interface RunEnded {
  readonly begun: TraceContext;
  readonly outcome: string;
  readonly type: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly startedMs: number;
}

export const peerCallsBegun = channel('ferry:peer-call-begun');
export const peerCalls = channel('ferry:peer-call');
export const runsEnded = channel('ferry:run-ended');
