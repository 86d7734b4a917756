import { Agent, request } from 'undici';

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/**
 * Asked by its own process, a server soon gives up a connection on which a busy machine has not yet sent anything: of a
 * thousand requests at once, so many are on their way. And it closes one that is idle after five seconds, perhaps just when
 * it is used again: whoever asks has closed it long before.
 */
const dispatcher = new Agent({ connections: 250, connect: { timeout: 60_000 }, keepAliveMaxTimeout: 1_000 });

const never = (): boolean => false;

/** Without what a browser's `fetch` does beside it, which is four fifths of an answer. `isEndless`: left at once, unread. */
export async function answerTo(
  url: string,
  { method = 'GET', headers: sent = {}, body: said }: Asked,
  isEndless: (status: number) => boolean = never,
): Promise<Answered> {
  const limits = { headersTimeout: 60_000, bodyTimeout: 60_000, dispatcher };
  const answer = await request(url, { method, headers: sent, body: said ?? null, ...limits });
  const { statusCode: status, body: coming } = answer;
  const headers = new Headers(
    Object.entries(answer.headers).flatMap(([name, value]) =>
      [value].flat().map((each): [string, string] => [name, each ?? '']),
    ),
  );
  if (!isEndless(status)) return { status, headers, text: await coming.text() };
  coming.on('error', () => undefined).destroy();
  return { status, headers, text: '' };
}
