import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { absent, Served } from '../support/api.ts';
import { fitting, oddTexts, spoilt } from '../support/arbitraries.ts';
import { type Described, document, fits, type Parameter } from '../support/conditions.ts';

/** What the API publishes of itself, played against it: by a generator of requests that knows the document alone. */
let api: Served;
const temporal = absent();
beforeAll(async () => {
  api = await Served.start({ temporal });
});
afterAll(async () => {
  await api.stop();
  await temporal.connection.close();
});

const likely = ['counter', 'cloud', 'a1', 'a2', 'w1', 'ue-1', 'k1', '5', 'running', 'true'];
const { schemas } = document.components;

const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
);

interface Drawn {
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
}

/** A request of the operation: each part of it as published, or spoilt. */
function drawn({ parameters = [], requestBody }: Described, spoil: boolean): fc.Arbitrary<Drawn> {
  const valueOf = (parameter: Parameter): fc.Arbitrary<string | undefined> => {
    const good = fitting(parameter.schema, schemas, likely).map(String);
    const any = spoil && parameter.in !== 'path' ? fc.oneof(good, oddTexts) : good;
    return parameter.required ? any : fc.option(any, { nil: undefined });
  };
  const body = requestBody?.content['application/json']?.schema;
  const bodies = body === undefined ? fc.constant(undefined) : fitting(body, schemas, likely);
  return fc.record({
    values: fc.record(Object.fromEntries(parameters.map((parameter) => [parameter.name, valueOf(parameter)]))),
    body: body !== undefined && spoil ? fc.oneof(bodies, spoilt(bodies)) : bodies,
  });
}

/** A text as a client of the document reads it. */
const read = ({ schema }: Parameter, text: string): unknown =>
  'type' in schema && schema.type === 'integer' && /^-?\d+$/.test(text) ? Number(text) : text;

function keeps({ parameters = [], requestBody }: Described, { values, body }: Drawn): boolean {
  const asked = requestBody?.content['application/json']?.schema;
  return (
    parameters.every((parameter) => {
      const text = values[parameter.name];
      return text === undefined ? !parameter.required : fits(parameter.schema, read(parameter, text));
    }) &&
    (asked === undefined || fits(asked, body))
  );
}

/** What no schema can say, and the description of the status does. */
function contradicts(body: unknown): boolean {
  const { source, target, deadline, cutOver, sourceLost, site, among } = (body ?? {}) as Record<string, unknown>;
  const at = typeof cutOver === 'object' && cutOver !== null && 'at' in cutOver ? cutOver.at : undefined;
  return (
    (source !== undefined && source === target) ||
    (typeof at === 'string' && typeof deadline === 'string' && Date.parse(at) > Date.parse(deadline)) ||
    (sourceLost !== undefined && (cutOver ?? 'immediately') !== 'immediately') ||
    (Array.isArray(among) && among.includes(site))
  );
}

/** A segment of dots alone is taken out of a URL before it is sent (RFC 3986, 5.2.4). */
const asSegment = (text: string): boolean => !/^\.{1,2}$/.test(text);
const asHeader = (text: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(text);

/** The status; the answer itself is compared with what is published by whoever asks. */
async function ask(method: string, path: string, { parameters = [] }: Described, request: Drawn): Promise<number> {
  const { values, body } = request;
  const given = (where: Parameter['in']) =>
    parameters.flatMap(({ name, in: place }): [string, string][] => {
      const value = values[name];
      return place === where && value !== undefined ? [[name, value]] : [];
    });
  const named = given('path').reduce(
    (text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(value)),
    path,
  );
  const query = new URLSearchParams(given('query')).toString();
  const { status } = await api.ask(`${named}${query === '' ? '' : `?${query}`}`, {
    method,
    headers: {
      ...Object.fromEntries(given('header')),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return status;
}

/** A refusal of what was sent, rather than of what it asks for. */
const isMalformed = (status: number): boolean => [400, 413, 415, 417, 431].includes(status);

const slow = { timeout: 120_000 };

/** So often as there is something to vary: what has no body, and an id alone, is the same again soon. */
const drawsOf = ({ parameters = [], requestBody }: Described): number =>
  requestBody === undefined ? 10 * (1 + parameters.length) : 60;

describe.concurrent.each(described)('$method $path', ({ method, path, operation }) => {
  const check = async (spoil: boolean, expected: (request: Drawn, status: number) => void): Promise<void> => {
    const requests = fc.sample(drawn(operation, spoil), { numRuns: drawsOf(operation) });
    const carries = { path: asSegment, query: () => true, header: asHeader };
    const sendable = requests.filter(({ values }) =>
      (operation.parameters ?? []).every(({ name, in: place }) => carries[place](values[name] ?? '')),
    );
    const each = new Map(sendable.map((request) => [JSON.stringify(request), request])); // drawn twice, it is asked once
    await Promise.all(
      [...each.values()].map(async (request) => {
        const status = await ask(method, path, operation, request);
        expected(request, status);
      }),
    );
  };

  it('takes whatever fits what is published of it', slow, async () => {
    await check(false, (request, status) => {
      expect([request, isMalformed(status)]).toEqual([request, contradicts(request.body)]);
    });
  });

  it('refuses whatever does not', slow, async () => {
    await check(true, (request, status) => {
      // White space around a header is none of its value (RFC 9110, 5.5)
      const trimmed = (operation.parameters ?? []).flatMap(({ name, in: place }) => {
        const text = place === 'header' ? request.values[name]?.replaceAll(/^[\t ]+|[\t ]+$/g, '') : undefined;
        return text === undefined ? [] : [[name, text] as const];
      });
      const sent = { ...request, values: { ...request.values, ...Object.fromEntries(trimmed) } };
      const wrong = !keeps(operation, sent) || contradicts(sent.body);
      expect([sent, isMalformed(status)]).toEqual([sent, wrong]);
    });
  });
});

it.concurrent.each(Object.keys(document.paths))(
  '%s answers as is published whatever method, body and type it is asked with',
  slow,
  async (path) => {
    const odd = fc.record({
      method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'),
      type: fc.constantFrom('application/json', 'text/plain', 'application/json; charset=latin1', 'x', undefined),
      body: fc.oneof(fc.constant(undefined), fc.json(), fc.string({ minLength: 1 })),
      rest: fc.constantFrom(
        '',
        '/',
        '//',
        '?',
        '?x',
        '?limit=1&limit=2',
        '?dryRun=true&dryRun=false',
        '?next[]=1',
        '?%00',
        '?%zz=%zz',
      ),
    });
    const asked = fc.sample(odd, { numRuns: 30 });
    const statuses = await Promise.all(
      asked.map(async ({ method: other, type, body, rest }) => {
        const bare = ['GET', 'HEAD'].includes(other);
        const { status } = await api.ask(`${path.replace('{id}', 'x')}${rest}`, {
          method: other,
          ...(type !== undefined && { headers: { 'content-type': type } }),
          ...(!bare && body !== undefined && { body }),
        });
        return status;
      }),
    );
    expect(statuses).not.toContain(500);
  },
);
