import { STATUS_CODES } from 'node:http';
import { failures } from '../domain/failures.ts';

export interface Response {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema: { readonly $ref?: string } }>>;
}
type Responses = Readonly<Record<string, Response>>;

/** An operation, of which all but what it answers stays as it is. */
export interface Described {
  readonly operationId: string;
  readonly responses: Responses;
  readonly [member: string]: unknown;
}
type Paths = Readonly<Record<string, Readonly<Record<string, Described>>>>;

/** Whatever more than one operation answers, once, and a reference wherever it is answered. */
export function sharedResponses(paths: Paths): { paths: object; responses: Record<string, object> } {
  const names = namesOf(repeated(paths));
  const referred = (responses: Responses): object =>
    mapped(responses, (response) => {
      const name = names.get(JSON.stringify(response));
      return name === undefined ? response : { $ref: `#/components/responses/${name}` };
    });
  return {
    paths: mapped(paths, (methods) =>
      mapped(methods, (operation) => ({ ...operation, responses: referred(operation.responses) })),
    ),
    responses: Object.fromEntries([...names].map(([text, name]) => [name, JSON.parse(text) as object])),
  };
}

interface Repeated {
  readonly status: number;
  readonly response: Response;
}

/** By what it says. */
function repeated(paths: Paths): Map<string, Repeated> {
  const [once, again] = [new Set<string>(), new Map<string, Repeated>()];
  for (const { responses } of Object.values(paths).flatMap((methods) => Object.values(methods)))
    for (const [status, response] of Object.entries(responses)) {
      const text = JSON.stringify(response);
      if (once.has(text)) again.set(text, { status: Number(status), response });
      once.add(text);
    }
  return again;
}

/** After the resource or the failures that it tells, else after its status; numbered where that is not one of a kind. */
function namesOf(responses: ReadonlyMap<string, Repeated>): Map<string, string> {
  const taken = new Map<string, number>();
  return new Map(
    [...responses].map(([text, response]) => {
      const name = nameOf(response);
      const nth = (taken.get(name) ?? 0) + 1;
      taken.set(name, nth);
      return [text, nth === 1 ? name : `${name}${nth}`];
    }),
  );
}

function nameOf({ status, response }: Repeated): string {
  const title = (STATUS_CODES[status] ?? '').replaceAll(/\W/g, '');
  if (status < 400) return `${title}${resourceOf(response)}`;
  const words = response.description.split('\n\n').map((told) => {
    const [word = ''] = told.split(':', 1);
    return Object.hasOwn(failures, word) ? word : title;
  });
  return [...new Set(words)].join('Or');
}

/** The name of its schema. */
const resourceOf = ({ content = {} }: Response): string =>
  Object.values(content)
    .map(({ schema }) => schema.$ref?.split('/').at(-1) ?? '')
    .join('');

const mapped = <T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
