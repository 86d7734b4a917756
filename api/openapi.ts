import { STATUS_CODES } from 'node:http';
import { OpenApiGeneratorV31, OpenAPIRegistry, type ResponseConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { failures } from '../domain/failures.ts';
import type { ProblemForm } from './problem.ts';
import type { Problem } from './resources.ts';
import type { Operation, Table } from './serve.ts';

/** What HTTP itself refuses, by status; a GET with a body too. */
const always = {
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
const AWAY = 'Temporal, or a worker, does not answer; see Retry-After.';

/** The OpenAPI 3.1 document, made of the schemas that the operations check and answer with. */
export function openApiDocument(
  table: Table,
  form: ProblemForm,
  info: { readonly title: string; readonly version: string; readonly description: string },
): object {
  const registry = new OpenAPIRegistry();
  for (const [operationId, operation] of Object.entries(table)) {
    const { method, path, summary, description, params, query, headers, body, example, answers } = operation;
    registry.registerPath({
      operationId,
      method,
      path,
      tags: [tagOf(path)],
      summary,
      ...(description !== undefined && { description }),
      request: {
        ...(params !== undefined && { params }),
        ...(query !== undefined && { query }),
        ...(headers !== undefined && { headers }),
        ...(body !== undefined && {
          body: {
            required: true,
            content: { 'application/json': { schema: body, ...(example !== undefined && { example }) } },
          },
        }),
      },
      responses: { ...Object.fromEntries(Object.entries(answers).map(answered)), ...refused(operation, form) },
    });
  }
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({ openapi: '3.1.0', info });
}

/** The collection it belongs to. */
const tagOf = (path: string): string => /^\/v1\/(\w+)/.exec(path)?.[1] ?? 'this process';

const answered = ([status, answer]: [string, Operation['answers'][number]]): [string, ResponseConfig] => {
  const { description, schema, media = 'application/json', headers, example } = answer;
  return [
    status,
    {
      description,
      ...(headers !== undefined && { headers }),
      ...(schema !== undefined && { content: { [media]: { schema, ...(example !== undefined && { example }) } } }),
    },
  ];
};

function refused(operation: Operation, form: ProblemForm): Record<string, ResponseConfig> {
  const told = new Map<number, string[]>();
  const tell = (status: number, what: string): void => void told.set(status, [...(told.get(status) ?? []), what]);
  for (const [status, what] of Object.entries(always)) tell(Number(status), what);
  if (operation.asksTemporal) tell(503, AWAY);
  for (const failure of operation.failures) tell(failures[failure].status, `${failure}: ${failures[failure].remedy}`);
  for (const [status, what] of Object.entries(operation.refusals ?? {})) tell(Number(status), what);
  return Object.fromEntries(
    [...told].map(([status, sentences]) => [
      status,
      {
        description: sentences.join('\n\n'),
        ...(status === 503 && { headers: z.object({ 'Retry-After': z.string().optional() }) }),
        content: { [form.media]: { schema: form.schema, example: form.told(exampleOf(status, operation)) } },
      },
    ]),
  );
}

function exampleOf(status: number, { failures: types, path }: Operation): Problem {
  const failure = types.find((type) => failures[type].status === status);
  return {
    type: failure === undefined ? 'about:blank' : `urn:ferry:failure:${failure}`,
    title: STATUS_CODES[status] ?? '',
    status,
    detail: 'What happened, in one sentence.',
    instance: path,
    ...(failure !== undefined && { failure, remedy: failures[failure].remedy }),
  };
}
