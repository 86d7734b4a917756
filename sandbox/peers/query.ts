import type { Request } from 'express';
import { Refused } from '../problem.ts';

/** What a query asks of a list: attribute-based filters and selectors (MEC 009, 6.18 and 6.19). */

/** A query parameter by its name, without regard to case: the published files disagree about it. */
export function parameter(req: Request, name: string): string | undefined {
  const entry = Object.entries(req.query).find(([key]) => key.toLowerCase() === name.toLowerCase());
  const value = Array.isArray(entry?.[1]) ? entry[1][0] : entry?.[1];
  return typeof value === 'string' ? value : undefined;
}

/** The items that the filter asks for, without the members (paths) that the API leaves out unless `all_fields` is asked. */
export function listed(req: Request, items: readonly object[], leftOut: readonly string[]): object[] {
  const filter = parameter(req, 'filter');
  const wanted = filter === undefined ? items : filtered(items, filter);
  if (parameter(req, 'all_fields') !== undefined) return [...wanted];
  return wanted.map((item) => leftOut.reduce<object>((rest, path) => without(rest, path.split('/')), item));
}

function without(item: object, [first = '', ...path]: string[]): object {
  const { [first]: member, ...rest } = item as Record<string, unknown>;
  if (path.length === 0 || typeof member !== 'object' || member === null) return rest;
  return { ...rest, [first]: without(member, path) };
}

const EXPRESSION = /\((\w+),([^,()']+)((?:,(?:'(?:[^']|'')*'|[^,()']*))+)\)(?:;|$)/y;
const VALUE = /,(?:'((?:[^']|'')*)'|([^,()']*))/g;

type Test = (attribute: string, values: readonly string[]) => boolean;
const order = (a: string, b = ''): number => (a === b ? 0 : Number(a) - Number(b) || (a < b ? -1 : 1));
const TESTS: Readonly<Record<string, Test>> = {
  eq: (attribute, [value]) => attribute === value,
  neq: (attribute, [value]) => attribute !== value,
  gt: (attribute, [value]) => order(attribute, value) > 0,
  gte: (attribute, [value]) => order(attribute, value) >= 0,
  lt: (attribute, [value]) => order(attribute, value) < 0,
  lte: (attribute, [value]) => order(attribute, value) <= 0,
  in: (attribute, values) => values.includes(attribute),
  nin: (attribute, values) => !values.includes(attribute),
  cont: (attribute, values) => values.some((value) => attribute.includes(value)),
  ncont: (attribute, values) => !values.some((value) => attribute.includes(value)),
};

/** `(op,attribute,value…)`, several joined by `;`. An attribute that is absent matches nothing. 400 if not understood. */
function filtered(items: readonly object[], filter: string): object[] {
  let left = [...items];
  EXPRESSION.lastIndex = 0;
  while (EXPRESSION.lastIndex < filter.length) {
    const [, op = '', attribute = '', list = ''] = EXPRESSION.exec(filter) ?? [];
    const test = TESTS[op];
    if (test === undefined) throw new Refused(400, `filter not understood: ${filter}`);
    const values = [...list.matchAll(VALUE)].map(([, quoted, plain]) => quoted?.replaceAll("''", "'") ?? plain ?? '');
    const path = attribute
      .split('/')
      .map((name) => name.replaceAll('~a', '@').replaceAll('~1', '/').replaceAll('~0', '~'));
    left = left.filter((item) => attributes(item, path).some((found) => test(found, values)));
  }
  return left;
}

/** The values at a path, as texts; through arrays, those of each element. */
function attributes(value: unknown, path: readonly string[]): string[] {
  if (Array.isArray(value)) return value.flatMap((element) => attributes(element, path));
  if (value === undefined || value === null) return [];
  const [first, ...rest] = path;
  if (first !== undefined)
    return typeof value === 'object' ? attributes((value as Record<string, unknown>)[first], rest) : [];
  return typeof value === 'string' ? [value] : typeof value === 'object' ? [] : [JSON.stringify(value)];
}
