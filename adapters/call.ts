import type { z } from 'zod';
import type { TlsFiles } from './secured.ts';

/** A system that Ferry calls. `url` is without a slash at its end. */
export interface PeerAddress {
  readonly name: string;
  readonly url: string;
  readonly timeoutMs: number;
  readonly tls?: TlsFiles | undefined;
  /** What the configuration calls it, for sentences: `tls` of a peer. */
  readonly tlsMember?: string;
}

/** Proves to a peer who asks. */
export interface Credentials {
  /** The value of `authorization`. */
  authorization(signal: AbortSignal): Promise<string>;
  /** The peer does not take it: the next one is another. */
  refused(authorization: string): void;
}

export interface Call<T> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the peer's url; may carry a query. */
  readonly path: string;
  /** Told instead of the path, in whose place stand contexts and keys: sentences enter histories and logs. */
  readonly label?: string;
  readonly json?: unknown;
  readonly bytes?: { readonly type: string; readonly body: Buffer };
  readonly headers?: Readonly<Record<string, string>>;
  /** What the answer has to be. An empty one is `undefined` to it. Without a schema the body is not looked at. */
  readonly schema?: z.ZodType<T>;
  /** What the answer says is welcome, and what was asked for is done without it: a body that cannot be read is none. */
  readonly hint?: true;
  /** It is of many, and what is odd of one of them is left out. */
  readonly mixed?: true;
  /** Of the body, in bytes, where it may be longer than other answers. */
  readonly limit?: number;
  /** Statuses besides 2xx that the caller judges itself. */
  readonly alsoExpect?: readonly number[];
  /** The step's key, for the audit line and the peer's log. */
  readonly key?: string;
  /** It only asks, though its method says that it changes something: no effect, hence no audit line. */
  readonly question?: true;
}

export interface Answer<T> {
  readonly status: number;
  /** With a status of `alsoExpect`: the problem document as it came, or undefined. */
  readonly body: T;
  readonly etag: string | null;
  /** A path below the peer's url; null also where it leads to another host. */
  readonly location: string | null;
  /** The next part of a list (Link, rel=next), a path below the peer's url. */
  readonly next: string | null;
  /** The answer in one sentence, for the message of a failure. */
  readonly told: string;
}

export function headersOf(
  { json, bytes, headers, key }: Call<unknown>,
  authorization: string | undefined,
): Record<string, string> {
  return {
    accept: 'application/json, application/problem+json',
    'accept-encoding': 'identity',
    ...(json !== undefined && { 'content-type': 'application/json' }),
    ...(bytes !== undefined && { 'content-type': bytes.type }),
    ...(key !== undefined && { 'x-correlator': key }),
    ...(authorization !== undefined && { authorization }),
    ...headers,
  };
}

/** What may be told of where it was asked. */
export const placeOf = ({ path, label }: Call<unknown>): string => label ?? withoutQuery(path);

/** A peer's words may repeat what stands in the path, and is not to be told. */
export function discreet({ path, label }: Call<unknown>, words: string): string {
  if (label === undefined) return words;
  const told = new Set(label.split('/'));
  const hidden = withoutQuery(path)
    .split('/')
    .filter((segment) => segment !== '' && !told.has(segment));
  return hidden.reduce(
    (text, segment) => text.replaceAll(segment, '…').replaceAll(decodeURIComponent(segment), '…'),
    words,
  );
}

/** A query may name devices. */
export const withoutQuery = (path: string): string => path.split('?', 1)[0] ?? path;
