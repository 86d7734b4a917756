import { setTimeout as sleep } from 'node:timers/promises';
import type { Problem, Relocation } from '../api/resources.ts';
import { type EventSourceMessage, EventSourceParserStream } from 'eventsource-parser/stream';

/** The API said no: its problem document. */
export class Refused extends Error {
  readonly problem: Problem;
  /** When it may be asked again, as it says. */
  readonly afterMs: number | undefined;

  constructor(problem: Problem, afterSeconds?: number) {
    super(problem.detail);
    this.problem = problem;
    this.afterMs = afterSeconds === undefined ? undefined : afterSeconds * 1_000;
  }
}

/** The API does not answer. */
export class Unreachable extends Error {}

/** Nor does it say no: it was stopped, or the network swallows what is sent. Once that is over it may answer. */
export class Silent extends Unreachable {}

/** Called whenever the API says anything at all, if only that it is there. */
export type Heard = () => void;

/** Longer than the longest answer: a plan asks every peer, and what is begun waits for its turn. */
const answerMsOf = ({ method }: RequestInit): number => (method === 'POST' ? 75_000 : 30_000);
/** So long it is asked again where the API says when (Retry-After). */
const PATIENCE_MS = 120_000;

/** Of a stream: the API says every 15 s that it is there. */
const SILENT_MS = 30_000;

/** Ferry's API. Every call throws Refused or Unreachable. */
export class FerryClient {
  readonly url: string;
  readonly #silentMs: number;

  constructor(url: string, silentMs = SILENT_MS) {
    [this.url, this.#silentMs] = [url.replace(/\/+$/, ''), silentMs];
  }

  async get<T>(path: string): Promise<T> {
    return (await this.#json(await this.#ask(path))) as T;
  }

  async post<T>(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const answer = await this.#ask(path, {
      method: 'POST',
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return (await this.#json(answer)) as T;
  }

  async patch<T>(path: string, body: unknown): Promise<T> {
    const answer = await this.#ask(path, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await this.#json(answer)) as T;
  }

  async delete<T>(path: string): Promise<T> {
    return (await this.#json(await this.#ask(path, { method: 'DELETE' }))) as T;
  }

  /** A relocation whenever it changes, until the API ends the stream. */
  async *events(id: string, signal: AbortSignal, heard: Heard): AsyncGenerator<Relocation> {
    const path = `/v1/relocations/${encodeURIComponent(id)}/events`;
    for await (const { event, data } of this.#stream(path, {}, signal, heard))
      if (event === 'relocation') yield JSON.parse(data) as Relocation;
  }

  /** All relocations and partners: what has changed since `read`, and what changes. */
  everything(
    read: string | undefined,
    signal: AbortSignal,
    heard: Heard = () => undefined,
  ): AsyncGenerator<EventSourceMessage> {
    return this.#stream('/v1/events', read === undefined ? {} : { 'last-event-id': read }, signal, heard);
  }

  async *#stream(
    path: string,
    headers: Record<string, string>,
    signal: AbortSignal,
    heard: Heard,
  ): AsyncGenerator<EventSourceMessage> {
    const silent = new AbortController();
    const silence = setTimeout(() => silent.abort(), this.#silentMs);
    const any = (): void => {
      silence.refresh();
      heard();
    };
    try {
      const { body } = await this.#once(path, {
        headers: { accept: 'text/event-stream', ...headers },
        signal: AbortSignal.any([signal, silent.signal]),
      });
      any();
      if (body === null) return;
      const taken = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, onward) {
          any();
          onward.enqueue(chunk);
        },
      });
      yield* body.pipeThrough(taken).pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    } catch (error) {
      if (silent.signal.aborted) throw new Silent(`nothing is heard from ${this.url}`, { cause: error });
      if (error instanceof Refused || error instanceof Unreachable) throw error;
      throw new Unreachable(`the stream of events broke: ${reason(error)}`, { cause: error });
    } finally {
      clearTimeout(silence);
    }
  }

  /** Where the API has too much to do it is asked again when it says so: nothing of what it refused was begun. */
  async #ask(path: string, init: RequestInit = {}): Promise<Response> {
    const until = performance.now() + PATIENCE_MS;
    for (;;)
      try {
        return await this.#once(path, { ...init, signal: AbortSignal.timeout(answerMsOf(init)) });
      } catch (error) {
        const afterMs = error instanceof Refused && error.problem.failure === 'Overloaded' ? error.afterMs : undefined;
        if (afterMs === undefined || performance.now() + afterMs > until) throw error;
        await sleep(afterMs);
      }
  }

  async #once(path: string, init: RequestInit): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(`${this.url}${path}`, init);
    } catch (error) {
      const late = error instanceof Error && error.name === 'TimeoutError';
      throw new (late ? Silent : Unreachable)(`no answer from ${this.url}: ${reason(error, init)}`, { cause: error });
    }
    if (!answer.ok) throw new Refused(await this.#problem(answer, path), secondsIn(answer.headers.get('retry-after')));
    return answer;
  }

  async #json(answer: Response): Promise<unknown> {
    try {
      return await answer.json();
    } catch (error) {
      throw new Unreachable(`${this.url} answers, but not as Ferry's API: ${reason(error)}`, { cause: error });
    }
  }

  async #problem(answer: Response, path: string): Promise<Problem> {
    const { status } = answer;
    const strange = {
      type: 'about:blank',
      title: `HTTP status ${status}`,
      status,
      detail: `${this.url} answers, but not as Ferry's API would`,
      remedy: 'Check the address given with --api or FERRY_API.',
    };
    if (!(answer.headers.get('content-type') ?? '').includes('json')) return strange;
    return await answer.json().then(
      (problem) => this.#ofAnother({ ...strange, detail: '', remedy: '', ...(problem as Partial<Problem>) }, path),
      () => strange,
    );
  }

  /** Paths, queries and bodies are made here, not typed: what the API does not know of them is of another version. */
  #ofAnother(problem: Problem, path: string): Problem {
    const unknown = (problem.errors ?? []).flatMap(
      ({ message }) => /^Unrecognized keys?: (.+)$/.exec(message)?.[1]?.replaceAll('"', '') ?? [],
    );
    if (problem.status === 404 && problem.detail === NOTHING) unknown.push(path.split('?', 1)[0] ?? path);
    if (unknown.length === 0) return problem;
    const title = `${this.url} is of another version than this ferry`;
    const remedy =
      `This ferry (\`ferry --version\`) asks with ${unknown.join(', ')}, which an API that is older does not know. ` +
      'Bring both to one version; the API tells its own in /openapi.json.';
    return { ...problem, title, remedy };
  }
}

/** As an API says it of a path that it does not have (api/app.ts). */
const NOTHING = 'there is nothing at this path';

/** Ours tells seconds, and never an instant (RFC 9110, 10.2.3). */
const secondsIn = (after: string | null): number | undefined =>
  after !== null && /^\d{1,4}$/.test(after) ? Number(after) : undefined;

/** fetch says `fetch failed` and hides why in the cause. */
function reason(error: unknown, asked: RequestInit = {}): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `nothing within ${answerMsOf(asked) / 1_000} s`;
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
