import { type EventSourceMessage, EventSourceParserStream } from 'eventsource-parser/stream';
import { ask } from './ask.ts';

/** The API says every 15 s that it is there. */
const SILENT_MS = 40_000;
const [SOONEST_MS, LATEST_MS] = [500, 8_000];
/** Nobody looks at a page that is not seen for so long. */
const UNSEEN_MS = 30_000;

export interface Listener {
  readonly event: (told: EventSourceMessage) => void;
  readonly link: (state: 'live' | 'lost') => void;
}

/** Reads `/v1/events` for as long as the page is seen, over broken connections; goes on after what was read last. */
export async function listen({ event, link }: Listener): Promise<never> {
  let read: string | undefined;
  let failed = 0;
  for (;;) {
    await whileSeen();
    const leave = new AbortController();
    const unwatch = leaveUnseen(leave);
    try {
      const headers = read === undefined ? undefined : { 'last-event-id': read };
      const answer = await ask('/v1/events', { signal: leave.signal, ...(headers && { headers }) });
      link('live');
      for await (const told of messages(answer, leave)) {
        failed = 0;
        read = told.id ?? read;
        event(told);
      }
    } catch {
      failed += 1;
    } finally {
      unwatch();
      leave.abort();
    }
    if (document.visibilityState === 'visible') link('lost');
    // Many pages come back to an API that was started again: not all at once
    await pause(Math.min(LATEST_MS, SOONEST_MS * 2 ** failed) * (0.5 + Math.random()));
  }
}

async function* messages(answer: Response, leave: AbortController): AsyncGenerator<EventSourceMessage> {
  if (answer.body === null) return;
  let silent = 0;
  const heard = new TransformStream<Uint8Array, Uint8Array>({
    start: () => void (silent = window.setTimeout(() => leave.abort(), SILENT_MS)),
    transform: (chunk, controller) => {
      window.clearTimeout(silent);
      silent = window.setTimeout(() => leave.abort(), SILENT_MS);
      controller.enqueue(chunk);
    },
  });
  const told = answer.body
    .pipeThrough(heard)
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream());
  const reader = told.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    window.clearTimeout(silent);
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
