import type { z } from 'zod';
import { SchemaBook } from '../../api/schema-book.ts';
import {
  base,
  HandOverReceipt,
  Promised,
  Refused,
  Retired,
  Settled,
  State,
  Superseded,
} from '../../protocols/application/contract.ts';
import * as orders from '../../protocols/application/orders.ts';

/** The application contract as an OpenAPI 3.1 document, made of the schemas with which Ferry asks and reads. */

interface Told {
  readonly schema: z.ZodType;
  readonly example: unknown;
}

interface Called {
  readonly summary: string;
  readonly description: string;
  readonly order?: Told;
  readonly answer: Told | null;
  readonly refusals: readonly string[];
  readonly silent?: true;
}

export const relocation = '354mq7k2c5h4n6d7w8x9y2z3a4';
const [source, target] = [
  { host: '10.50.0.7', port: 7001 },
  { host: '10.51.0.3', port: 7001 },
];

export const calls: Readonly<Record<string, Called>> = {
  'get state': {
    summary: 'How things are, towards these users',
    description: 'Asked of both, in every step and while waiting. Ferry waits 5 s for it, and tries again.',
    answer: {
      schema: State,
      example: {
        instance: 'c-17',
        role: 'standby',
        epoch: 0,
        users: [{ user: 'ue-1', role: 'authority', epoch: 3, count: 41 }],
        promisedTo: null,
        copies: [],
        retiring: false,
        clientSeenSecondsAgo: 0.4,
        clients: 1,
        expectedFreezeMs: 3,
      },
    },
    refusals: [],
  },
  'post promise': {
    summary: 'Reserve users for one relocation',
    description: 'Asked of the source in step 1, without a target; in step 4 with it, until `copied` is `users`.',
    order: { schema: orders.PromiseOrder, example: { relocation, users: '*', target } },
    answer: { schema: Promised, example: { users: 12, copied: 3 } },
    refusals: ['PromisedElsewhere', 'NotServing', 'Kept', 'Retiring'],
  },
  'post copy': {
    summary: 'Introduce the source, or take what it sends ahead',
    description: 'Asked of the target: by Ferry in step 3 with an empty chunk, and by the source with content.',
    order: { schema: orders.CopyOrder, example: { relocation, users: '*', source, chunk: [], epoch: 3 } },
    answer: null,
    refusals: ['Authority', 'Kept', 'Outdated', 'Retiring'],
  },
  'post handOver': {
    summary: 'Freeze, prepare the target, decide',
    description: 'Asked of the source in step 6. It answers within its freeze limit of 2 s; Ferry waits 5 s.',
    order: { schema: orders.HandOverOrder, example: { relocation, target } },
    answer: {
      schema: HandOverReceipt,
      example: { relocation, epoch: 4, users: 1, count: 41, of: [{ user: 'ue-1', count: 41 }], freezeMs: 2.1 },
    },
    refusals: ['Kept', 'NotPromised', 'NotServing', 'TargetRefused'],
    silent: true,
  },
  'post settle': {
    summary: 'Close a relocation, for ever',
    description: 'Asked of the source, then of the target: on the way back, in doubt, and in step 9 (`retired`).',
    order: { schema: orders.SettleOrder, example: { relocation, users: '*', retired: true } },
    answer: { schema: Settled, example: { settlement: 'handedOver', serves: false } },
    refusals: [],
  },
  'post retire': {
    summary: 'May it be taken away?',
    description: 'Asked in step 9, and before an undo deletes what it made. It answers within 2 s.',
    order: { schema: orders.RetireOrder, example: { relocation } },
    answer: { schema: Retired, example: { retires: false, why: 'expected' } },
    refusals: [],
  },
  'post supersede': {
    summary: 'Take the place of a source that is dead',
    description: 'Asked by a takeover alone: first of everybody else, then of the one that takes over.',
    order: {
      schema: orders.SupersedeOrder,
      example: {
        relocation,
        users: '*',
        epoch: 1_795_910_400_000,
        to: target,
        spared: true,
        elsewhere: [{ user: 'ue-9', epoch: 7, to: source }],
      },
    },
    answer: { schema: Superseded, example: { users: 2, count: 80, kept: [{ user: 'ue-9', epoch: 7 }] } },
    refusals: ['Authority', 'Outdated', 'Kept', 'Retiring'],
  },
};

const TAG = { name: 'relocation', description: 'What Ferry asks; `copy` is asked by other instances as well.' };

export function contractDocument(): object {
  const book = new SchemaBook();
  const json = ({ schema, example }: Told): object => ({
    'application/json': { schema: named(book, schema), example },
  });
  const problem = (types: readonly string[]): object => ({
    'application/problem+json': {
      schema: { allOf: [named(book, Refused), { properties: { type: { enum: types } } }] },
    },
  });
  const paths = Object.entries(calls).map(([call, { summary, description, order, answer, refusals, silent }]) => {
    const [method = '', name = ''] = call.split(' ');
    const operation = {
      operationId: name,
      tags: [TAG.name],
      summary,
      description,
      ...(order === undefined
        ? { parameters: [{ name: 'users', in: 'query', required: true, schema: { type: 'string' }, example: '*' }] }
        : { requestBody: { required: true, content: json(order) } }),
      responses: {
        ...(answer === null
          ? { 204: { description: 'It is done.' } }
          : { 200: { description: 'It is so.', content: json(answer) } }),
        401: { description: 'Who asks is not known: the relocation ends before anything is done.' },
        403: { description: 'Who asks may not: the relocation ends before anything is done.' },
        ...(refusals.length > 0 && { 409: { description: 'It says no, and why.', content: problem(refusals) } }),
        ...(silent && { 504: { description: 'The target was silent; thawed.', content: problem(['TargetSilent']) } }),
      },
    };
    return [`${base}/${name}`, { [method]: operation }];
  });
  return {
    openapi: '3.1.0',
    info: {
      title: 'The application contract',
      version: '1',
      description:
        'What Ferry asks of the instances of an application: docs/application-contract.md says what is meant.',
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      {
        url: 'http://{host}:{port}',
        description: 'The management endpoint of an instance.',
        variables: { host: { default: '127.0.0.1' }, port: { default: '7001' } },
      },
    ],
    security: [{}, { token: [] }],
    tags: [TAG],
    paths: Object.fromEntries(paths),
    components: {
      schemas: book.components,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Where the operator was given one for you.' },
      },
    },
  };
}

const names = new Map<z.ZodType, string>(
  Object.entries({ ...orders, HandOverReceipt, Promised, Refused, Retired, Settled, State, Superseded }).map(
    ([name, schema]) => [schema, name],
  ),
);

/** Among the components, by the name that it has in the source. */
function named(book: SchemaBook, schema: z.ZodType): object {
  const name = names.get(schema) ?? '';
  book.components[name] = book.schema(schema);
  return { $ref: `#/components/schemas/${name}` };
}
