import { STATUS_CODES } from 'node:http';
import type { Response as Answering } from 'express';
import { z } from 'zod';
import { failures } from '../domain/failures.ts';
import type { ProblemForm } from './problem.ts';
import type { Problem } from './resources.ts';
import { SchemaBook } from './schema-book.ts';
import type { Answer, Operation, Table } from './serve.ts';
import { sharedParameters } from './shared-parameters.ts';
import { type Described, type Response, sharedResponses } from './shared-responses.ts';

/** What HTTP itself refuses, by status; a GET with a body too. */
export const always = {
  400: 'The request is malformed; `errors` names what to mend.',
  403: 'It comes from a page of another site.',
  408: 'It did not arrive in time.',
  413: 'Its body is longer than 64 kB.',
  415: 'Its body is no application/json.',
  417: 'It expects something else than 100-continue.',
  421: 'It was sent to another Host.',
  431: 'Request line and headers are longer than 16 kB.',
  500: 'A mistake in Ferry.',
};
const AWAY = 'Temporal, or a worker, does not answer, or takes no more calls; see Retry-After.';

/** Of all that is described here. */
export const license = { name: 'Apache License 2.0', identifier: 'Apache-2.0' };

/** What the document says of itself. */
export interface Information {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly license: { readonly name: string; readonly identifier: string };
}

/** Made once, when somebody asks for it: it takes a fifth of a second, for which no start of a process is to wait. */
export function whenAsked<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** Told as it is; written once, since it is long and anybody may ask for it. */
export function written(document: () => object): (asked: { readonly res: Pick<Answering, 'type'> }) => void {
  const text = whenAsked(() => Buffer.from(JSON.stringify(document())));
  return ({ res }) => void res.type('application/json').send(text());
}

interface Around {
  readonly refusals?: Readonly<Record<number, string>>;
  readonly bearer?: boolean;
  /** What each of them is, where there are several. */
  readonly collections?: Readonly<Record<string, string>>;
}

/** The OpenAPI 3.1 document, made of the schemas that the operations check and answer with. */
export function openApiDocument(
  table: Table,
  form: ProblemForm,
  info: Information,
  { refusals = always, bearer = false, collections = {} }: Around = {},
): object {
  const book = new SchemaBook();
  const paths: Record<string, Record<string, Described & Tagged>> = {};
  for (const [operationId, operation] of Object.entries(table)) {
    const { method, path, summary, description, params, query, headers, body, example, answers } = operation;
    const parameters = [
      ...parametersIn('path', params, book),
      ...parametersIn('query', query, book),
      ...parametersIn('header', headers, book),
    ];
    paths[path] = {
      ...paths[path],
      [method]: {
        operationId,
        tags: [tagOf(path)],
        summary,
        ...(description !== undefined && { description }),
        ...(parameters.length > 0 && { parameters }),
        ...(body !== undefined && {
          requestBody: { required: true, content: { 'application/json': media(book.schema(body), example) } },
        }),
        ...(bearer && { security: [{ token: [operation.scope] }] }),
        responses: {
          ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, told(answer, book)])),
          ...refused(operation, form, book, refusals),
        },
      },
    };
  }
  const { paths: taking, parameters } = sharedParameters(paths);
  const shared = sharedResponses(taking);
  const securitySchemes = { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } };
  return {
    openapi: '3.1.0',
    info,
    servers: [{ url: '/' }],
    ...(!bearer && { security: [] }),
    tags: tagsOf(table, collections),
    paths: shared.paths,
    components: {
      schemas: book.components,
      parameters,
      responses: shared.responses,
      ...(bearer && { securitySchemes }),
    },
  };
}

type Tagged = Parameters<typeof sharedParameters>[0][string][string];

/** The collection it belongs to, or the whole of a reference point; generators make names of it. */
function tagOf(path: string): string {
  const [, point, collection] = /^\/(?:(\w+)\/)?v1(?:\/\{\w+\})?(?:\/([\w-]+)(?=\/|$))?/.exec(path) ?? [];
  return (collection ?? point ?? 'this process').replaceAll('-', ' ');
}

const tagsOf = (table: Table, collections: Readonly<Record<string, string>>): object[] =>
  [...new Set(Object.values(table).map(({ path }) => tagOf(path)))].map((name) => {
    const description = collections[name];
    return { name, ...(description !== undefined && { description }) };
  });

const media = (schema: object, example: unknown): { schema: object } => ({
  schema,
  ...(example !== undefined && { example }),
});

function parametersIn(where: 'path' | 'query' | 'header', record: z.ZodObject | undefined, book: SchemaBook) {
  return Object.entries(record?.shape ?? {}).map(([name, schema]) => {
    const { description, example, ...rest } = book.schema(schema) as Record<string, unknown>;
    return {
      name,
      in: where,
      ...requiredIn(schema as z.ZodType),
      ...(description !== undefined && { description }),
      ...(example !== undefined && { example }),
      schema: rest,
    };
  });
}

/** That something may be left out is not said: nobody takes what is not said to be required for that. */
const requiredIn = (schema: z.ZodType): object => (z.safeParse(schema, undefined).success ? {} : { required: true });

function told({ description, schema, media: type = 'application/json', headers, example }: Answer, book: SchemaBook) {
  return {
    description,
    ...(headers !== undefined && { headers: headersOf(headers, book) }),
    ...(schema !== undefined && { content: { [type]: media(book.schema(schema), example) } }),
  };
}

const headersOf = (record: z.ZodObject, book: SchemaBook): object =>
  Object.fromEntries(
    Object.entries(record.shape).map(([name, schema]) => {
      const { description, ...rest } = book.schema(schema) as Record<string, unknown>;
      return [
        name,
        {
          ...requiredIn(record.shape[name] as z.ZodType),
          ...(description !== undefined && { description }),
          schema: rest,
        },
      ];
    }),
  );

function refused(
  operation: Operation,
  form: ProblemForm,
  book: SchemaBook,
  byHttp: Readonly<Record<number, string>>,
): Record<string, Response> {
  const sentences = new Map<number, string[]>();
  const tell = (status: number, what: string): void =>
    void sentences.set(status, [...(sentences.get(status) ?? []), what]);
  for (const [status, what] of Object.entries(byHttp)) tell(Number(status), what);
  if (operation.asksTemporal) tell(503, AWAY);
  for (const failure of operation.failures) tell(failures[failure].status, `${failure}: ${failures[failure].remedy}`);
  for (const [status, what] of Object.entries(operation.refusals ?? {})) tell(Number(status), what);
  return Object.fromEntries(
    [...sentences].map(([status, lines]) => [
      status,
      {
        description: lines.join('\n\n'),
        ...(status === 503 && {
          headers: { 'Retry-After': { description: 'In seconds.', schema: { type: 'string' } } },
        }),
        content: { [form.media]: media(book.schema(form.schema), form.told(exampleOf(status, operation))) },
      },
    ]),
  );
}

function exampleOf(status: number, { failures: types }: Operation): Problem {
  const failure = types.find((type) => failures[type].status === status);
  return {
    type: failure === undefined ? 'about:blank' : `urn:ferry:failure:${failure}`,
    title: STATUS_CODES[status] ?? '',
    status,
    detail: 'What happened, in one sentence.',
    ...(failure !== undefined && { failure, remedy: failures[failure].remedy }),
  };
}
