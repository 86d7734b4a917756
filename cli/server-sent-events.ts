export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/** Reads `text/event-stream` (WHATWG HTML, 9.2.6); comments, ids and retry times are passed over. */
export async function* serverSentEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let [rest, event, data]: [string, string, string[]] = ['', 'message', []];
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [field, value] = split(line);
      if (field === 'event') event = value;
      else if (field === 'data') data.push(value);
      else if (line === '') {
        if (data.length > 0) yield { event, data: data.join('\n') };
        [event, data] = ['message', []];
      }
    }
  }
}

function split(line: string): [field: string, value: string] {
  const colon = line.indexOf(':');
  return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
}
