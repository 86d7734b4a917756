import type { Problem, Relocation } from '../api/resources.ts';
import { type EventSourceMessage, EventSourceParserStream } from 'eventsource-parser/stream';

/** The API said no: its problem document. */
export class Refused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** The API does not answer. */
export class Unreachable extends Error {}

/** Longer than the longest answer: a plan asks every peer. */
const ANSWER_MS = 30_000;

/** Ferry's API. Every call throws Refused or Unreachable. */
export class FerryClient {
  readonly url: string;

  constructor(url: string) {
    this.url = url.replace(/\/+$/, '');
  }

  async get<T>(path: string): Promise<T> {
    const answer = await this.#ask(path, { signal: AbortSignal.timeout(ANSWER_MS) });
    return (await this.#json(answer)) as T;
  }

  async post<T>(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const answer = await this.#ask(path, {
      method: 'POST',
      signal: AbortSignal.timeout(ANSWER_MS),
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return (await this.#json(answer)) as T;
  }

  async patch<T>(path: string, body: unknown): Promise<T> {
    const answer = await this.#ask(path, {
      method: 'PATCH',
      signal: AbortSignal.timeout(ANSWER_MS),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await this.#json(answer)) as T;
  }

  async delete<T>(path: string): Promise<T> {
    return (await this.#json(await this.#ask(path, { method: 'DELETE', signal: AbortSignal.timeout(ANSWER_MS) }))) as T;
  }

  /** A relocation whenever it changes, until the API ends the stream. */
  async *events(id: string, signal?: AbortSignal): AsyncGenerator<Relocation> {
    for await (const { event, data } of this.#stream(`/v1/relocations/${encodeURIComponent(id)}/events`, {}, signal))
      if (event === 'relocation') yield JSON.parse(data) as Relocation;
  }

  /** All relocations and partners: what has changed since `read`, and what changes. */
  everything(read: string | undefined, signal: AbortSignal): AsyncGenerator<EventSourceMessage> {
    return this.#stream('/v1/events', read === undefined ? {} : { 'last-event-id': read }, signal);
  }

  async *#stream(
    path: string,
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<EventSourceMessage> {
    const init = { headers: { accept: 'text/event-stream', ...headers }, ...(signal !== undefined && { signal }) };
    const { body } = await this.#ask(path, init);
    if (body === null) return;
    const events = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    try {
      for await (const told of events) yield told;
    } catch (error) {
      throw new Unreachable(`the stream of events broke: ${reason(error)}`, { cause: error });
    }
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(`${this.url}${path}`, init);
    } catch (error) {
      throw new Unreachable(`no answer from ${this.url}: ${reason(error)}`, { cause: error });
    }
    if (!answer.ok) throw new Refused(await this.#problem(answer));
    return answer;
  }

  async #json(answer: Response): Promise<unknown> {
    try {
      return await answer.json();
    } catch (error) {
      throw new Unreachable(`${this.url} answers, but not as Ferry's API: ${reason(error)}`, { cause: error });
    }
  }

  async #problem(answer: Response): Promise<Problem> {
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
      (problem) => ({ ...strange, detail: '', remedy: '', ...(problem as Partial<Problem>) }),
      () => strange,
    );
  }
}

/** fetch says `fetch failed` and hides why in the cause. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `nothing within ${ANSWER_MS / 1_000} s`;
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
