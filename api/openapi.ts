import { STATUS_CODES } from 'node:http';
import { OpenApiGeneratorV31, OpenAPIRegistry, type ResponseConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { failures } from '../domain/failures.ts';
import { relocationExample, requestExample } from './examples.ts';
import { type Operation, operations } from './operations.ts';
import { Problem, Relocation, RelocationList } from './resources.ts';

/** What HTTP itself refuses, by status. */
const always = { 400: 'The request is malformed; `errors` names what to mend.', 500: 'A mistake in Ferry.' };
const withBody = {
  408: 'The request did not arrive in time.',
  413: 'The body is longer than 64 kB.',
  415: 'The body is no application/json.',
};
const AWAY = 'Temporal, or a worker, does not answer; see Retry-After.';

const examples = new Map<z.ZodType, unknown>([
  [Relocation, relocationExample],
  [RelocationList, { relocations: [], next: null }],
]);

/** The OpenAPI 3.1 document, made of the schemas that the operations check and answer with. */
export function openApiDocument(): object {
  const registry = new OpenAPIRegistry();
  for (const [operationId, operation] of Object.entries<Operation>(operations)) {
    const { method, path, summary, description, query, headers, body, answers } = operation;
    const id = path.includes('{id}') ? z.object({ id: Relocation.shape.id }) : undefined;
    registry.registerPath({
      operationId,
      method,
      path,
      tags: [tagOf(path)],
      summary,
      ...(description !== undefined && { description }),
      request: {
        ...(id !== undefined && { params: id }),
        ...(query !== undefined && { query }),
        ...(headers !== undefined && { headers }),
        ...(body !== undefined && {
          body: { required: true, content: { 'application/json': { schema: body, example: requestExample } } },
        }),
      },
      responses: { ...Object.fromEntries(Object.entries(answers).map(answered)), ...refused(operation) },
    });
  }
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Ferry',
      version: '1',
      description:
        'Moves running applications, and the users they serve, between MEC hosts, MEC systems and clouds (ETSI GR MEC 035). Every refusal is a problem document (RFC 9457) that says what to mend.',
    },
  });
}

/** The collection it belongs to. */
const tagOf = (path: string): string => /^\/v1\/(\w+)/.exec(path)?.[1] ?? 'this process';

const answered = ([status, answer]: [string, Operation['answers'][number]]): [string, ResponseConfig] => {
  const { description, schema, media = 'application/json', headers } = answer;
  const example = schema === undefined ? undefined : examples.get(schema);
  return [
    status,
    {
      description,
      ...(headers !== undefined && { headers }),
      ...(schema !== undefined && { content: { [media]: { schema, ...(example !== undefined && { example }) } } }),
    },
  ];
};

function refused(operation: Operation): Record<string, ResponseConfig> {
  const told = new Map<number, string[]>();
  const tell = (status: number, what: string): void => void told.set(status, [...(told.get(status) ?? []), what]);
  for (const [status, what] of Object.entries(always)) tell(Number(status), what);
  if (operation.method === 'post') for (const [status, what] of Object.entries(withBody)) tell(Number(status), what);
  if (operation.asksTemporal) tell(503, AWAY);
  for (const failure of operation.failures) tell(failures[failure].status, `${failure}: ${failures[failure].remedy}`);
  if (operation === operations.startRelocation) tell(422, 'Both sites are clouds.');
  return Object.fromEntries(
    [...told].map(([status, sentences]) => [
      status,
      {
        description: sentences.join('\n\n'),
        ...(status === 503 && { headers: z.object({ 'Retry-After': z.string().optional() }) }),
        content: { 'application/problem+json': { schema: Problem, example: exampleOf(status, operation) } },
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
