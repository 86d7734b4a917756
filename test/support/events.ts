import { type EventSourceMessage, EventSourceParserStream } from 'eventsource-parser/stream';
import { eventDepartures } from './conditions.ts';

export const EVENTS = '/v1/events';

/** The stream of everything, as it is told; each event is one that is published. Leaving the loop leaves the stream. */
export async function* everything(
  url: string,
  headers: Record<string, string> = {},
): AsyncGenerator<EventSourceMessage & { readonly json: Record<string, unknown> }> {
  const answer = await fetch(`${url}${EVENTS}`, { headers });
  if (answer.status !== 200) throw new Error(`${EVENTS} answers ${answer.status}: ${await answer.text()}`);
  const events = answer.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const told of events ?? []) {
    const departing = eventDepartures(`event: ${told.event}\ndata: ${told.data}`);
    if (departing.length > 0) throw new Error(departing.join('\n'));
    yield { ...told, json: JSON.parse(told.data) as Record<string, unknown> };
  }
}
