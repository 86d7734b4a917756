import type { IncomingMessage, ServerResponse } from 'node:http';
import { addAbortSignal, PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Agent, type Dispatcher } from 'undici';
import { Deadline } from '../adapters/deadline.ts';
import { distrust, secured, type TlsFiles } from '../adapters/secured.ts';
import { HttpRefusal, unavailable } from '../doors/refusal.ts';
import { REFUSED } from '../protocols/mpp/path.ts';
import { brokenAnswer, explained, late, refusedBeyond } from './explained.ts';
import { type Field, fieldsOf, isJson, ofAnswer, ofRequest, typeOf, valueOf, withoutBody } from './headers.ts';
import type { Course, Passage } from './passage.ts';
import { malformed } from './target.ts';
import { decoded, demandTold, JSON_LIMIT, toldFields, toldJson, TooLong, withLength, wouldTell } from './telling.ts';
import { begun, inAscii, inUtf8, isReadable, isTextual, toldText, untold } from './text-stream.ts';
import { followed, withTrace } from './followed.ts';
import { WouldLeak } from './translation.ts';

const CONNECT_MS = 2_000;
/** From a whole request to an answer, however often it is asked for, and a token for it. */
const ANSWER_MS = 10_000;
/** Nothing passes for so long: it is over. */
export const IDLE_MS = 60_000;

const WITHOUT_BODY = [204, 205, 304];
const REPEATABLE = ['GET', 'HEAD', 'OPTIONS'];
/** A connection that the other side has closed while nobody used it. */
const STALE = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'];

interface Sent {
  readonly method: string;
  readonly asked: string;
  readonly fields: readonly Field[];
  readonly body: string | Readable | null;
}

type Answered = Dispatcher.ResponseData;

type Partners = Readonly<Record<string, { readonly tls?: TlsFiles | undefined }>>;

/** Its own clock counts its ticks, which come late when there is much to do: an answer is waited for by another one. */
const agent = (connect: NonNullable<Agent.Options['connect']>): Agent =>
  new Agent({ connect, headersTimeout: 0, bodyTimeout: IDLE_MS });

/** Carries requests on, and answers back: with bounded memory, and bounded patience. */
export class Carrier {
  readonly #agent = agent({ timeout: CONNECT_MS });
  /** Of partners in whose case we trust others than the public authorities, or show who we are. */
  readonly #secured: ReadonlyMap<string, { readonly tls: TlsFiles; readonly agent: Agent }>;
  readonly #answerMs: number;

  constructor(partners: Partners = {}, answerMs = ANSWER_MS) {
    this.#answerMs = answerMs;
    this.#secured = new Map(
      Object.entries(partners).flatMap(([name, { tls }]) =>
        tls === undefined ? [] : [[name, { tls, agent: agent(secured(name, tls, { timeout: CONNECT_MS })) }]],
      ),
    );
  }

  async end(): Promise<void> {
    const agents = [this.#agent, ...[...this.#secured.values()].map((one) => one.agent)];
    await Promise.all(agents.map(async (one) => await one.destroy()));
  }

  /** Throws a refusal as long as nothing was answered; what breaks off later is cut. */
  async carry(req: IncomingMessage, res: ServerResponse, passage: Passage, course: Course): Promise<void> {
    const { signal } = course;
    let deadline: Deadline | undefined;
    const passed = (bytes: number): void => {
      course.passed(bytes);
      deadline?.putOff(); // of a body that is still being sent
    };
    try {
      const sent = await sentOn(req, passage, { passed, signal });
      deadline = new Deadline(this.#answerMs);
      const within = { ...course, signal: AbortSignal.any([signal, deadline.signal]) };
      const answer = await this.#admitted(sent, passage, within);
      deadline.end();
      await answeredBack(res, sent, answer, passage, course);
    } catch (error) {
      throw deadline?.passed === true && !signal.aborted ? late() : explained(error, signal);
    } finally {
      deadline?.end();
    }
  }

  /** Where the partner does not take our token any more nothing was done: once more with a new one, if that can be sent again. */
  async #admitted(sent: Sent, passage: Passage, { signal, distrusted }: Course): Promise<Answered> {
    const { credentials, refusedThere, path } = passage;
    const beyond = credentials && this.#secured.get(path.partner);
    const asking = followed(sent.method, passage);
    const ask = async (authorization?: string): Promise<Answered> =>
      await asking(async (trace) => await this.#asked(sent, authorization, trace, signal, beyond?.agent)).catch(
        (error: Error) => {
          const why = credentials && !signal.aborted && distrust(path.partner, error, { tls: beyond?.tls });
          if (typeof why !== 'string') throw error;
          distrusted(why);
          throw unavailable('the service is not in reach', 'Ask again later.');
        },
      );
    if (credentials === undefined) return await ask();
    const first = await credentials.authorization(signal);
    let answer = await ask(first);
    if (answer.statusCode === 401 && isRefusal(answer)) {
      credentials.refused(first);
      if (sent.body === null || typeof sent.body === 'string') {
        await answer.body.dump();
        answer = await ask(await credentials.authorization(signal));
      }
    }
    if (!isRefusal(answer)) return answer;
    await answer.body.dump();
    refusedThere?.();
    throw refusedBeyond(answer.statusCode, answer.headers['retry-after']);
  }

  /** Once more where the connection was stale, and nothing can have been done. */
  async #asked(
    sent: Sent,
    authorization: string | undefined,
    trace: readonly Field[],
    signal: AbortSignal,
    through = this.#agent,
  ): Promise<Answered> {
    const { method, asked, fields, body } = sent;
    const { origin } = new URL(asked);
    const request = (): Dispatcher.RequestOptions => ({
      origin,
      path: asked.slice(origin.length),
      method,
      headers: [
        ...withTrace(fields, trace).flat(),
        'accept-encoding',
        'identity',
        ...(authorization === undefined ? [] : ['authorization', authorization]),
      ],
      body,
      signal,
    });
    try {
      return await through.request(request());
    } catch (error) {
      const stale = STALE.includes((error as { code?: string }).code ?? '');
      if (!stale || body !== null || !REPEATABLE.includes(method) || signal.aborted) throw error;
      return await through.request(request());
    }
  }
}

const isRefusal = ({ headers }: Answered): boolean => headers[REFUSED.name] === REFUSED.value;

/** The request as it is sent on. */
async function sentOn(
  req: IncomingMessage,
  { asked, target, asks }: Passage,
  { passed, signal }: Pick<Course, 'passed' | 'signal'>,
): Promise<Sent> {
  const method = req.method ?? 'GET';
  const fields = ofRequest(fieldsOf(req.rawHeaders));
  const length = Number(req.headers['content-length'] ?? 0);
  const coding = req.headers['transfer-encoding'];
  const hasBody = length > 0 || coding !== undefined;
  try {
    const type = typeOf(fieldsOf(req.rawHeaders));
    if (type === null) throw malformed('the body is of several types');
    if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked')
      throw new HttpRefusal(501, 'bodies are taken in chunks, and not otherwise encoded', 'Send it as it is.');
    const isEncoded = (req.headers['content-encoding'] ?? 'identity') !== 'identity';
    if (hasBody && (isJson(type) || isTextual(type)) && isEncoded)
      throw new HttpRefusal(415, 'JSON and texts are taken without a content encoding', 'Send it as it is.');
    if (hasBody && !isJson(type) && isTextual(type) && !isReadable(type)) throw inUtf8();
    if (!hasBody || !isJson(type)) {
      const translation = await asks([]);
      demandTold(target, translation);
      return {
        method,
        asked,
        fields: toldFields(fields, asked, translation),
        body: hasBody ? Readable.from(untold(counted(req, passed), type, translation), { objectMode: false }) : null,
      };
    }
    if (length > JSON_LIMIT) throw new TooLong();
    const body = addAbortSignal(signal, req.pipe(new PassThrough())); // who is late with the rest is refused at once
    const { text, read, translation } = await toldJson(body, asks);
    passed(read);
    demandTold(target, translation);
    return { method, asked, fields: withLength(toldFields(fields, asked, translation), text), body: text };
  } catch (error) {
    if (error instanceof TooLong) throw new HttpRefusal(413, 'JSON is taken up to 1 MiB', 'Send less at once.');
    if (error instanceof SyntaxError) throw malformed('the body is no JSON');
    throw error instanceof WouldLeak ? wouldTell() : error;
  }
}

async function answeredBack(
  res: ServerResponse,
  { method, asked }: Sent,
  answer: Answered,
  passage: Passage,
  { passed, signal }: Course,
): Promise<void> {
  const { statusCode: status, body } = answer;
  const fields = ofAnswer(receivedOf(answer));
  await effect(method, asked, answer, passage);
  const type = typeOf(fields);
  if (type === null) throw brokenAnswer('is of several types');
  const isEmpty = method === 'HEAD' || WITHOUT_BODY.includes(status);
  const isTold = !isEmpty && (isJson(type) || isTextual(type));
  if (isTold && status === 206) throw brokenAnswer('is a part of a text');
  if (isTold && !isJson(type) && !isReadable(type)) throw brokenAnswer('is in an encoding that cannot be read');
  const plain = isTold ? decoded(body, valueOf(fields, 'content-encoding')) : body;
  if (!isEmpty && isJson(type)) {
    const { text, read, translation } = await toldJson(plain, passage.answers);
    passed(read);
    res.writeHead(status, flat(withLength(toldFields(fields, asked, translation), text)));
    res.end(text);
    return;
  }
  const translation = await passage.answers([]);
  const told = toldFields(fields, asked, translation);
  const counting = counted(plain, passed);
  const passing = isTold ? await begun(toldText(inAscii(counting, type), translation)) : counting;
  const isOther = isTold || (isEmpty && (isJson(type) || status === 204));
  res.writeHead(status, flat(isOther ? withoutBody(told) : told));
  if (isEmpty) {
    await body.dump();
    res.end();
    return;
  }
  res.write(Buffer.alloc(0)); // what streams may be silent at first; flushHeaders() would send them in UTF-8
  await pipeline(passing, res, { signal });
}

/** What was made, or is there no longer, is known before whoever asked for it knows it. */
async function effect(method: string, asked: string, answer: Answered, { answered, removed }: Passage): Promise<void> {
  const { statusCode: status, headers } = answer;
  const { location } = headers;
  if (status === 201 && typeof location === 'string' && URL.canParse(location, asked))
    await answered?.(new URL(location, asked).href);
  else if (status >= 400 && status < 500) await answered?.(null);
  if (method === 'DELETE' && status >= 200 && status < 300) await removed?.(asked);
}

const receivedOf = ({ headers }: Answered): Field[] =>
  Object.entries(headers).flatMap(([name, value]) => [value ?? []].flat().map((each): Field => [name, each]));

const flat = (fields: readonly Field[]): string[] => fields.flat();

async function* counted(body: AsyncIterable<Uint8Array>, passed: Course['passed']): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    passed(chunk.byteLength);
    yield chunk;
  }
}
