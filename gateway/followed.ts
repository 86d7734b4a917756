import { base } from '../protocols/mpp/path.ts';
import { type PeerCall, type PeerCallBegun, peerCalls, peerCallsBegun } from '../traces/told.ts';
import { type Field, valueOf } from './headers.ts';
import type { Passage } from './passage.ts';

const TRACE = ['traceparent', 'tracestate'];

interface Answered {
  readonly statusCode: number;
}

/**
 * Tells whoever follows it what is asked next, and what of. The trace of an application of ours goes on through this
 * gateway; that of a partner's passes as it came, since who calls from outside does not decide what we keep.
 */
export function followed(method: string, { path, credentials }: Passage) {
  const isOurs = credentials !== undefined;
  const peer = isOurs ? path.partner : path.side;
  return async <T extends Answered>(ask: (trace: readonly Field[]) => Promise<T>): Promise<T> => {
    const begun: PeerCallBegun = { peer, method, place: isOurs ? base : '/', headers: {} };
    peerCallsBegun.publish(begun);
    const at = performance.now();
    const ended = (outcome: PeerCall['outcome']): void =>
      peerCalls.publish({ begun, outcome, ms: performance.now() - at } satisfies PeerCall);
    try {
      const answer = await ask(Object.entries(begun.headers));
      ended({ status: answer.statusCode });
      return answer;
    } catch (error) {
      ended({ outcome: 'unanswered' });
      throw error;
    }
  };
}

/** `trace`: none where nobody follows it. What came from a partner has another one, and keeps it. */
export function withTrace(fields: readonly Field[], trace: readonly Field[]): readonly Field[] {
  const theirs = traceIn(valueOf(fields, 'traceparent'));
  const ours = traceIn(trace.find(([name]) => name === 'traceparent')?.[1]);
  if (ours === undefined || (theirs !== undefined && theirs !== ours)) return fields;
  return [...fields.filter(([name]) => !TRACE.includes(name.toLowerCase())), ...trace];
}

/** Its id (W3C Trace Context, 3.2.2). */
const traceIn = (parent: string | undefined): string | undefined =>
  /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(parent ?? '')?.[1];
