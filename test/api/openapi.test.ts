import { Ajv2020 } from 'ajv/dist/2020.js';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { app } from '../../api/app.ts';
import { relocationExample } from '../../api/northbound/examples.ts';
import { information, northboundDocument } from '../../api/northbound/face.ts';
import { collections } from '../../api/northbound/collections.ts';
import { openApiDocument, written } from '../../api/openapi.ts';
import { cloudsTable } from '../../api/outsiders/clouds-table.ts';
import { devicesTable } from '../../api/outsiders/devices-table.ts';
import { problemDetails } from '../../api/problem.ts';
import { northboundTable as operations } from '../../api/northbound/table.ts';
import { Problem, Relocation } from '../../api/resources.ts';
import { failures } from '../../domain/failures.ts';
import { stepNames } from '../../domain/steps.ts';
import { named, nowhere, Served } from '../support/api.ts';
import { referred } from '../support/referred.ts';
import { eventKinds, fits as isTaken } from '../support/conditions.ts';

interface Media {
  readonly schema: object;
  readonly example?: unknown;
}
interface Described {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly parameters?: readonly { name: string; in: string; description?: string; schema: object }[];
  readonly requestBody?: { content: Record<string, Media> };
  readonly responses: Record<string, { description: string; content?: Record<string, Media> }>;
}
interface Document {
  readonly openapi: string;
  readonly info: { title: string; version: string };
  readonly paths: Record<string, Record<string, Described>>;
  readonly components: Record<'schemas' | 'parameters' | 'responses', Record<string, object>>;
}

const published = openApiDocument(operations, problemDetails, information);
const document = referred(published) as Document;
const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

/** Every value under a key of this name, wherever it is. */
function under(key: string, value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [...(name === key ? [inner] : []), ...under(key, inner)]);
}

let api: Served;
const temporal = nowhere();
beforeAll(async () => {
  api = await Served.start({ temporal });
});
afterAll(async () => {
  await api.stop();
  await temporal.connection.close();
});

describe('the OpenAPI document', () => {
  it('is of 3.1, and served', async () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    await expect(api.get('/openapi.json')).resolves.toMatchObject({ status: 200, body: published });
  });

  it('is written once, however often it is asked for', async () => {
    let times = 0;
    const told = written(() => ({ toJSON: () => ({ times: (times += 1) }) }));
    const served = express()
      .get('/', (_, res) => told({ res }))
      .listen(0, '127.0.0.1');
    await once(served, 'listening');
    try {
      const url = `http://127.0.0.1:${(served.address() as AddressInfo).port}`;
      for (const answer of [await fetch(url), await fetch(url)]) {
        expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
        await expect(answer.json()).resolves.toEqual({ times: 1 });
      }
    } finally {
      served.close();
    }
  });

  it.each(described)('says of $operation.operationId what each parameter is, and no two alike', ({ operation }) => {
    const said = (operation.parameters ?? []).flatMap(({ description }) => description ?? []);
    expect(new Set(said).size).toBe(said.length);
  });

  it.each(
    described.filter(({ path, operation }) => path.startsWith('/v1/') && under('next', operation.responses).length > 0),
  )(
    'has $operation.operationId ask for the next page with what `next` of the page before says, or its `Link`',
    ({ operation }) => {
      expect(operation.parameters?.find(({ name }) => name === 'next')?.description).toMatch(
        'from `next` of the page before',
      );
      expect(operation.responses['200']).toHaveProperty('headers.Link');
    },
  );

  it('never calls `next` of a page a path', () => {
    const said = under('next', document.components.schemas).map((one) => JSON.stringify(one));
    expect(said.length).toBeGreaterThan(8);
    expect(said.filter((one) => one.includes('path'))).toEqual([]);
  });

  it('says of each collection what it is, and of nothing else', () => {
    const { tags } = northboundDocument() as { tags: readonly { name: string; description?: string }[] };
    const used = new Set(described.flatMap(({ operation }) => operation.tags));
    expect(tags.map(({ name }) => name).toSorted()).toEqual([...used].toSorted());
    expect(Object.fromEntries(tags.map(({ name, description }) => [name, description]))).toStrictEqual(collections);
  });

  it('resolves every $ref', () => {
    const refs = under('$ref', published) as string[];
    expect(refs.length).toBeGreaterThan(10);
    for (const ref of refs) {
      const [, kind = '', name = ref] = /^#\/components\/(schemas|parameters|responses)\/(\w+)$/.exec(ref) ?? [];
      expect(document.components).toHaveProperty([kind, name]);
    }
  });

  it('says once what several operations answer alike, by a name that tells which resource or failure', () => {
    const { paths, components } = published as Document;
    const said = Object.values(paths).flatMap((methods) =>
      Object.values(methods).flatMap(({ responses }) => Object.values(responses).map((one) => JSON.stringify(one))),
    );
    const inFull = said.filter((one) => !one.startsWith('{"$ref"'));
    expect(new Set(inFull).size).toBe(inFull.length);
    expect(Object.keys(components.responses)).toEqual(
      expect.arrayContaining(['OKRelocation', 'Forbidden', 'UnknownRelocation', 'NotPossibleNow']),
    );
  });

  it('says once what several operations take alike, by a name that tells of which collection it is', () => {
    const { paths, components } = published as Document;
    const taken = Object.values(paths).flatMap((methods) =>
      Object.values(methods).flatMap(({ parameters = [] }) => parameters.map((one) => JSON.stringify(one))),
    );
    const inFull = taken.filter((one) => !one.startsWith('{"$ref"'));
    expect(new Set(inFull).size).toBe(inFull.length);
    expect(Object.keys(components.parameters)).toEqual(expect.arrayContaining(['RelocationsId', 'Next', 'Limit']));
  });

  it('says an instant by its format, and the words of failures once', () => {
    const { Relocation: one, Discovery, ServiceBinding } = document.components.schemas;
    const instants = under('format', document.components).filter((format) => format === 'date-time');
    expect(instants.length).toBeGreaterThan(20);
    expect(JSON.stringify(one)).not.toContain('[13579][26]');
    for (const schema of [Discovery, ServiceBinding])
      expect(under('type', under('failure', schema))).toContainEqual({ $ref: '#/components/schemas/Failure' });
  });

  it('is of a size that people and generators can read, with room for more', () => {
    expect(JSON.stringify(published).length).toBeLessThan(180_000);
  });

  it('has schemas that are JSON Schema 2020-12', () => {
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, formats: { 'date-time': true, uuid: true } });
    ajv.addVocabulary(['components', 'example']);
    const { components } = document;
    for (const name of Object.keys(components.schemas))
      expect(ajv.compile({ $ref: `#/components/schemas/${name}`, components })).toBeTypeOf('function');
  });

  it('has nothing that a generated client throws on: no list of types, no constant where there is a choice', () => {
    expect(under('type', document.components).filter(Array.isArray)).toEqual([]);
    for (const choice of [...under('anyOf', document), ...under('oneOf', document)].flat())
      expect(typeof (choice as { const?: unknown }).const).not.toBe('string');
    for (const { properties = {} } of Object.values(document.components.schemas) as { properties?: object }[])
      for (const property of Object.values(properties)) expect(property).not.toHaveProperty('default');
    const { properties } = document.components.schemas['RelocationResult'] as { properties: { guarantee: object } };
    expect(isTaken(properties.guarantee, null)).toBe(true);
  });

  it('lists the words that there are, of steps and failures', () => {
    const { Step, Failure, Relocation: one, Problem: problem } = document.components.schemas;
    expect(Step).toMatchObject({ enum: stepNames });
    expect(Failure).toMatchObject({ enum: Object.keys(failures) });
    for (const [schema, name] of [
      [one, 'Step'],
      [problem, 'Failure'],
    ] as const)
      expect(JSON.stringify(schema)).toContain(`#/components/schemas/${name}`);
  });

  it('answers one resource for each operation, says where it is served, and prefills no key', () => {
    for (const { operation } of described) {
      const good = Object.entries(operation.responses).flatMap(([status, { content }]) =>
        Number(status) < 300 && content !== undefined
          ? [JSON.stringify(Object.values(content).map(({ schema }) => schema))]
          : [],
      );
      const answers = Object.keys(operation.responses).filter((status) => Number(status) < 300);
      const resources = answers.join() === '204' ? 0 : 1; // it has nothing to tell
      expect([operation.operationId, new Set(good).size]).toEqual([operation.operationId, resources]);
      const headers = (operation.parameters ?? []).filter((parameter) => parameter.in === 'header');
      for (const header of headers) expect(header).not.toHaveProperty('example');
    }
    expect(document).toMatchObject({
      servers: [{ url: '/' }],
      security: [],
      info: { license: { identifier: 'Apache-2.0' } },
    });
  });

  it('names every kind of event that a stream tells', () => {
    const told = described
      .filter(({ operation }) => operation.operationId.startsWith('watch'))
      .map(({ operation }) => JSON.stringify(operation))
      .join('\n');
    expect(eventKinds.filter((kind) => !told.includes(`\`${kind}\``))).toEqual([]);
  });

  it('names every operation once, each with a summary', () => {
    const ids = described.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operation } of described) expect(operation.summary).not.toBe('');
  });

  it('gives each path parameter a description of its own', () => {
    for (const { path, operation } of described) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const told = operation.parameters?.filter((parameter) => parameter.in === 'path').map(({ name }) => name) ?? [];
      expect(told).toEqual(inPath);
    }
  });

  it('tells every failure of an operation under its status', () => {
    for (const { path, method, operation } of described) {
      const known = Object.values(operations).find((one) => one.path === path && one.method === method);
      for (const failure of known?.failures ?? [])
        expect(operation.responses[failures[failure].status]?.description).toMatch(failure);
    }
  });

  it.each([
    ['startRelocation', ['UnknownName', 'AlreadyRelocating', 'KeyReused']],
    ['showRelocation', ['UnknownRelocation']],
    ['cancelRelocation', ['UnknownRelocation', 'NotPossibleNow', 'CancelTooLate']],
    ['retryRelocation', ['UnknownRelocation', 'NotPossibleNow']],
  ])('tells of %s what was seen to be refused', (id, types) => {
    const { operation } = described.find((one) => one.operation.operationId === id) ?? {};
    for (const type of types) expect(JSON.stringify(operation?.responses)).toMatch(`${type}: `);
  });

  it('has a problem document for every status that is no success, and none for others', () => {
    for (const { operation } of described)
      for (const [status, { content }] of Object.entries(operation.responses))
        expect(Object.keys(content ?? {}).includes('application/problem+json')).toBe(Number(status) >= 400);
  });

  it('has examples that fit', () => {
    expect(Relocation.safeParse(relocationExample).error).toBeUndefined();
    for (const { operation } of described)
      for (const [status, { content }] of Object.entries(operation.responses)) {
        const { example } = content?.['application/problem+json'] ?? {};
        const fits = Number(status) < 400 || Problem.parse(example).status === Number(status);
        expect(fits).toBe(true);
      }
  });
});

interface Layer {
  readonly route?: { path: string; methods: Record<string, boolean> };
  readonly handle?: { stack?: Layer[] };
}

/** What Express routes, by its own account. */
const routed = (layers: readonly Layer[]): string[] =>
  layers.flatMap(({ route, handle }) =>
    route === undefined
      ? routed(handle?.stack ?? [])
      : Object.keys(route.methods)
          .filter((method) => method !== '_all')
          .map((method) => `${method} ${route.path.replaceAll(/:(\w+)/g, '{$1}')}`),
  );

it('is routed as it is described, and described as it is routed', () => {
  const condition = { stopping: AbortSignal.abort(), prepared: () => false };
  const served: Express = app({
    temporal,
    configuration: named,
    taskQueue: 'nobody',
    temporalUi: undefined,
    condition,
    log: pino({ level: 'silent' }),
    hosts: [],
  });
  const pages = /^get \/((docs|assets).*)?$/;
  const routes = routed((served.router as unknown as { stack: Layer[] }).stack).filter((route) => !pages.test(route));
  const outside = Object.values({ ...devicesTable, ...cloudsTable }); // faces of their own: MEC 016 and Mx1
  expect(routes.toSorted()).toEqual(
    [...described, ...outside].map(({ method, path }) => `${method} ${path}`).toSorted(),
  );
});

describe('/docs', () => {
  it('asks for nothing from elsewhere, and its policy would not let it', async () => {
    const { body, headers } = await api.get<string>('/docs');
    const references = [...body.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1] ?? '');
    expect(references.length).toBeGreaterThanOrEqual(4);
    for (const reference of references) {
      expect(reference).toMatch(/^\/docs\//);
      await expect(api.get(reference)).resolves.toMatchObject({ status: 200 });
    }
    expect(body).not.toMatch(/https?:|<script>|style=|on\w+=/);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toMatch("default-src 'self'");
    expect(policy).not.toMatch(/https?:|script-src|upgrade-insecure-requests/);
  });

  it('shows our own document, and has it validated by nobody', async () => {
    const { body, headers } = await api.get<string>('/docs/initializer.js');
    expect(headers.get('content-type')).toMatch('javascript');
    expect(body).toMatch("url: '/openapi.json'");
    expect(body).toMatch('validatorUrl: null');
    expect(body).not.toMatch(/https?:/);
  });
});
