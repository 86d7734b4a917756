import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { northboundDocument } from '../../api/northbound/face.ts';
import { waitingKinds } from '../../api/northbound/table/waiting.ts';
import { referred } from './referred.ts';

/** What the API publishes of itself, and whether an answer keeps it. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: object;
}
interface Response {
  readonly headers?: Record<string, { readonly required?: boolean }>;
  readonly content?: Record<string, { readonly schema: object }>;
}
export interface Described {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> };
  readonly responses: Record<string, Response>;
}
export interface Document {
  readonly paths: Record<string, Record<string, Described>>;
  readonly components: { readonly schemas: Record<string, object> };
}

export const document = referred(northboundDocument()) as Document;

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
formats.default(ajv);
ajv.addVocabulary(['components', 'example']);

const compiled = new Map<Document, Map<string, ValidateFunction>>();

/** Of a schema of the document. */
export function fits(schema: object, value: unknown): boolean {
  return validatorOf(schema)(value);
}

function validatorOf(schema: object, of = document): ValidateFunction {
  const known = compiled.get(of) ?? new Map<string, ValidateFunction>();
  compiled.set(of, known);
  const text = JSON.stringify(schema);
  const validate = known.get(text) ?? ajv.compile({ ...schema, components: of.components });
  known.set(text, validate);
  return validate;
}

export interface Said {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** How an answer departs from what is published of it; pages for people are nobody's condition. */
export function departures(said: Said): string[] {
  const name = said.path.split('?')[0] ?? '';
  return name === '/' || /^\/(docs|assets)/.test(name) ? [] : departuresFrom(document, said);
}

/** The same of another document, which tells of some paths only: the others are published by somebody else. */
export function departuresInPart(of: Document, said: Said): string[] {
  const name = said.path.split('?')[0] ?? '';
  const at = Object.entries(of.paths).find(([template]) => patternOf(template).test(name));
  return at?.[1][said.method.toLowerCase()] === undefined ? [] : departuresFrom(of, said);
}

function departuresFrom(of: Document, { method, path, status, headers, body }: Said): string[] {
  const name = path.split('?')[0] ?? '';
  const at = Object.entries(of.paths).find(([template]) => patternOf(template).test(name));
  const operation = at?.[1][method === 'HEAD' ? 'get' : method.toLowerCase()];
  // What is published nowhere is answered as HTTP has it
  const response = operation === undefined ? undefined : operation.responses[status];
  if (operation !== undefined && response === undefined) return [`${method} ${name}: ${status} is not published`];
  if (operation === undefined && ![400, 403, 404, 405, 413, 415, 421].includes(status))
    return [`${method} ${name}: answered ${status}, though it is published nowhere`];
  if (method === 'HEAD' || (response !== undefined && response.content === undefined && body === '')) return [];
  const [media = ''] = (headers.get('content-type') ?? '').split(';');
  if (media === 'text/event-stream' && response?.content?.[media] !== undefined) return []; // `eventDepartures`
  const content = response?.content ?? { 'application/problem+json': { schema: problemDetailsSchema } };
  const published = content[media];
  if (published === undefined) return [`${method} ${name}: ${status} comes as ${media}`];
  const missing = Object.entries(response?.headers ?? {})
    .filter(([header, { required }]) => required === true && headers.get(header) === null)
    .map(([header]) => `${method} ${name}: ${status} has no ${header}`);
  const validate = validatorOf(published.schema, of);
  if (validate(body)) return missing;
  return [...missing, `${method} ${name}: ${status}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(body)}`];
}

const problemDetailsSchema = { $ref: '#/components/schemas/Problem' };
const object = (properties: Readonly<Record<string, object>>): object => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const source = {
  anyOf: [
    { type: 'null' },
    object({
      answers: { type: 'boolean' },
      since: { type: 'string', format: 'date-time' },
      detail: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    }),
  ],
};
const eventSchemas: Readonly<Record<string, object>> = {
  relocation: { $ref: '#/components/schemas/Relocation' },
  evacuation: { $ref: '#/components/schemas/Evacuation' },
  hold: { $ref: '#/components/schemas/Hold' },
  fence: { $ref: '#/components/schemas/Fencing' },
  follower: { $ref: '#/components/schemas/Follower' },
  federation: { $ref: '#/components/schemas/Federation' },
  waiting: { $ref: '#/components/schemas/Waiting' },
  waitsNoMore: object({ kind: { enum: waitingKinds }, id: { type: 'string' } }),
  gone: object({ id: { type: 'string' }, what: { enum: ['relocation', 'evacuation', 'fence', 'follower'] } }),
  reopened: object({ site: { type: 'string' } }),
  anew: object({}),
  sources: object({ temporal: source, catalogue: source }),
  step: { type: 'object' },
};
/** Every kind that a stream tells. */
export const eventKinds = Object.keys(eventSchemas);

/** The same of every event of a stream. */
export const eventDepartures = (stream: string): string[] =>
  [...stream.matchAll(/^event: (\w+)\ndata: (.*)$/gm)].flatMap(([, event = '', data = '']) => {
    const schema = eventSchemas[event];
    if (schema === undefined) return [`an event of no kind that is published: ${event}`];
    const validate = validatorOf(schema);
    return validate(JSON.parse(data)) ? [] : [`an event: ${ajv.errorsText(validate.errors)}: ${data}`];
  });

const patterns = new Map<string, RegExp>();

function patternOf(template: string): RegExp {
  const known = patterns.get(template);
  if (known !== undefined) return known;
  const pattern = new RegExp(`^${template.replaceAll('.', String.raw`\.`).replaceAll(/\{\w+\}/g, '[^/]+')}$`);
  patterns.set(template, pattern);
  return pattern;
}
