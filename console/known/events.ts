import { type EventSourceMessage, EventSourceParserStream } from 'eventsource-parser/stream';
import { ask } from './ask.ts';

/** The API says every 15 s that it is there. */
const SILENT_MS = 40_000;
const [SOONEST_MS, LATEST_MS] = [500, 8_000];
/** Nobody looks at a page that is not seen for so long. */
const UNSEEN_MS = 30_000;

export interface Listener {
  readonly event: (told: EventSourceMessage) => void;
  /** `heardAt`: when the API said anything last, if only that it is there; null: nothing yet. */
  readonly link: (state: 'live' | 'lost', heardAt: string | null) => void;
}

/** Reads `/v1/events` for as long as the page is seen, over broken connections; goes on after what was read last. */
export async function listen({ event, link }: Listener): Promise<never> {
  let read: string | undefined;
  let heardAt: string | null = null;
  let failed = 0;
  for (;;) {
    await whileSeen();
    const leave = new AbortController();
    const unwatch = leaveUnseen(leave);
    const silence = new Silence(leave);
    const heard = (): void => {
      heardAt = new Date().toISOString();
      silence.broken();
    };
    try {
      const headers = read === undefined ? undefined : { 'last-event-id': read };
      const answer = await ask('/v1/events', { signal: leave.signal, ...(headers && { headers }) });
      heard();
      link('live', heardAt);
      for await (const told of messages(answer, heard)) {
        failed = 0;
        read = told.id ?? read;
        event(told);
      }
    } catch {
      failed += 1;
    } finally {
      silence.end();
      unwatch();
      leave.abort();
    }
    if (document.visibilityState === 'visible') link('lost', heardAt);
    // Many pages come back to an API that was started again: not all at once
    await pause(Math.min(LATEST_MS, SOONEST_MS * 2 ** failed) * (0.5 + Math.random()));
  }
}

/** Of an API that is stopped, or behind a network that swallows what is sent: no answer comes, and no end. */
class Silence {
  readonly #leave: AbortController;
  #due: number;

  constructor(leave: AbortController) {
    this.#leave = leave;
    this.#due = this.#begin();
  }

  broken(): void {
    this.end();
    this.#due = this.#begin();
  }

  end(): void {
    window.clearTimeout(this.#due);
  }

  #begin(): number {
    return window.setTimeout(() => this.#leave.abort(), SILENT_MS);
  }
}

async function* messages({ body }: Response, heard: () => void): AsyncGenerator<EventSourceMessage> {
  if (body === null) return;
  const taken = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, onward) => {
      heard();
      onward.enqueue(chunk);
    },
  });
  const reader = body
    .pipeThrough(taken)
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** A browser has six connections to a server: pages that nobody sees leave theirs. */
function leaveUnseen(leave: AbortController): () => void {
  let unseen = 0;
  const look = (): void => {
    window.clearTimeout(unseen);
    if (document.visibilityState === 'hidden') unseen = window.setTimeout(() => leave.abort(), UNSEEN_MS);
  };
  document.addEventListener('visibilitychange', look);
  return () => {
    window.clearTimeout(unseen);
    document.removeEventListener('visibilitychange', look);
  };
}

/** Resolves while somebody sees the page. */
export async function whileSeen(): Promise<void> {
  while (document.visibilityState === 'hidden')
    await new Promise((resolve) => {
      document.addEventListener('visibilitychange', resolve, { once: true });
    });
}

const pause = async (ms: number): Promise<void> =>
  await new Promise((resolve) => {
    window.setTimeout(resolve, ms);
  });
