import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import type { FailureType } from '../domain/failures.ts';
import type { FederationScope } from '../domain/federation.ts';
import { parse } from './input.ts';
import { HttpRefusal, type ProblemForm } from './problem.ts';

export type { Caller } from '../doors/tokens/tokens.ts';

/** What somebody must have been granted to ask an operation. `anybody`: nothing. */
export type Scope = 'ferry' | 'anybody' | FederationScope;

/** One operation: what routes it, checks its input, and is told in the OpenAPI document. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As in OpenAPI. */
  readonly path: string;
  readonly scope: Scope;
  /** Of partners: is it answered although our operator has suspended them? */
  readonly whileSuspended?: true;
  readonly summary: string;
  readonly description?: string;
  /** Of the path; one that does not fit names nothing. */
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly example?: unknown;
  readonly answers: Readonly<Record<number, Answer>>;
  /** Beyond those that any operation can answer. */
  readonly failures: readonly FailureType[];
  /** Refusals for which the domain has no word, by status. */
  readonly refusals?: Readonly<Record<number, string>>;
  /** Does it need Temporal, and so can be unavailable? */
  readonly asksTemporal: boolean;
}

export interface Answer {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly media?: string;
  readonly headers?: z.ZodObject;
  readonly example?: unknown;
}

export type Table = Readonly<Record<string, Operation>>;

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

/** What a handler is given: its input, parsed, and the exchange itself. */
export interface Asked<O extends Operation> {
  readonly params: Parsed<O['params']>;
  readonly query: Parsed<O['query']>;
  readonly headers: Parsed<O['headers']>;
  readonly body: Parsed<O['body']>;
  readonly req: Request;
  readonly res: Response;
}

/** Realises some operations of a table. */
export type Handlers<T extends Table, Name extends keyof T = keyof T> = {
  readonly [N in Name]: (asked: Asked<T[N]>) => void | Promise<void>;
};

/** One face of the API: a table of operations, who realises them, who may ask, and how a refusal is told. */
export interface Face<T extends Table> {
  readonly table: T;
  readonly form: ProblemForm;
  readonly handlers: Handlers<T>;
  readonly admit: (scope: Scope, operation: Operation) => RequestHandler;
  /** Reads a body, once who asks is admitted; absent: it was read before. */
  readonly reads?: readonly RequestHandler[];
}

/** A face as it is routed. Its refusals are thrown, and told by whoever mounts it: some come before any route. */
export function routes<T extends Table>({
  table,
  handlers,
  admit,
  reads = [],
}: Pick<Face<T>, 'table' | 'handlers' | 'admit' | 'reads'>): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const paths = new Set<string>();
  for (const [name, operation] of Object.entries(table)) {
    const { method, path, scope, body } = operation;
    const handler: (asked: Asked<Operation>) => void | Promise<void> = handlers[name as keyof T];
    router[method](route(path), admit(scope, operation), ...(body === undefined ? [] : reads), async (req, res) => {
      await handler({ ...inputOf(operation, req), req, res });
    });
    paths.add(path);
  }
  for (const path of paths) router.route(route(path)).all(notAllowed(methodsAt(path, table)));
  return router;
}

/** What an operation does not take is refused rather than passed over; of headers that is not for us to say. */
function inputOf({ params, query, headers, body }: Operation, req: Request): Omit<Asked<Operation>, 'req' | 'res'> {
  return {
    params: params === undefined ? undefined : parse(params, req.params, 'path'),
    query: parse(query ?? Nothing, req.query, 'query'),
    headers: headers === undefined ? undefined : parse(headers, req.headers, 'header'),
    body: parse(body ?? Nothing, body === undefined ? (req.body ?? {}) : req.body, 'body'),
  };
}

const Nothing = z.strictObject({});

/** As Express writes it. */
const route = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

const methodsAt = (path: string, table: Table): string[] =>
  Object.values(table)
    .filter((operation) => operation.path === path)
    .flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));

const notAllowed =
  (methods: readonly string[]): RequestHandler =>
  (req) => {
    const allow = methods.join(', ');
    throw new HttpRefusal(405, `${req.method} is not possible here`, `Use ${allow}.`, { allow });
  };
