import * as fc from 'fast-check';

interface Schema {
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: string;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly maxLength?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** What fits a schema of the document, as far as its operations' input goes; `likely`: texts worth trying oftener. */
export function fitting(
  schema: Schema,
  components: Readonly<Record<string, object>>,
  likely: readonly string[],
): fc.Arbitrary<unknown> {
  const inner = (one: Schema): fc.Arbitrary<unknown> => fitting(one, components, likely);
  if (schema.$ref !== undefined) return inner(components[schema.$ref.split('/').at(-1) ?? ''] as Schema);
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return fc.oneof(...either.map(inner));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.type === 'object') {
    const { properties = {}, required = [] } = schema;
    const members = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, inner(one)]));
    return fc.record(members, { requiredKeys: [...required], noNullPrototype: true });
  }
  if (schema.type === 'array') {
    const { items = {}, minItems = 0, maxItems = 5, uniqueItems = false } = schema;
    const lengths = { minLength: minItems, maxLength: maxItems };
    return uniqueItems
      ? fc.uniqueArray(inner(items), { ...lengths, selector: (item) => JSON.stringify(item) })
      : fc.array(inner(items), lengths);
  }
  const { minimum, exclusiveMinimum, maximum = 1_000 } = schema;
  if (schema.type === 'integer')
    return fc.integer({ min: minimum ?? (exclusiveMinimum ?? -1) + 1, max: Math.min(maximum, 1_000_000) });
  if (schema.type === 'number')
    return fc.double({
      min: minimum ?? exclusiveMinimum ?? 0,
      max: maximum,
      minExcluded: exclusiveMinimum !== undefined,
      noNaN: true,
    });
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.format === 'date-time') return instants;
  if (schema.format === 'uuid') return fc.uuid();
  if (schema.pattern === undefined) return fc.string({ minLength: 1, maxLength: Math.min(schema.maxLength ?? 63, 63) });
  const pattern = new RegExp(schema.pattern);
  const known = likely.filter((text) => pattern.test(text));
  const any = matching(pattern);
  return known.length === 0 ? any : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, any);
}

const patterns = new Map<string, fc.Arbitrary<string>>();

/** One for each pattern: to make it costs more than all that is drawn from it. */
function matching(pattern: RegExp): fc.Arbitrary<string> {
  const any = patterns.get(pattern.source) ?? fc.stringMatching(pattern);
  patterns.set(pattern.source, any);
  return any;
}

const two = (max: number): fc.Arbitrary<string> => fc.integer({ min: 0, max }).map((n) => String(n).padStart(2, '0'));

const instants = fc
  .tuple(
    fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true }),
    fc.oneof(
      fc.constant('Z'),
      fc.tuple(fc.constantFrom('+', '-'), two(23), two(59)).map(([s, h, m]) => `${s}${h}:${m}`),
    ),
    fc.oneof(
      fc.constant(''),
      fc.integer({ min: 0, max: 999_999_999 }).map((n) => `.${n}`),
    ),
  )
  .map(([date, offset, fraction]) => `${date.toISOString().slice(0, 19)}${fraction}${offset}`);

/** Something else in the place of a part of it, one part less, or one more. */
export const spoilt = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.jsonValue(),
    fc.tuple(value, fc.jsonValue(), fc.nat(), fc.string()).map(([good, other, at, name]) => {
      if (typeof good !== 'object' || good === null) return other;
      const names = Object.keys(good);
      const chosen = names[at % (names.length + 1)] ?? name;
      return { ...good, [chosen]: other };
    }),
    fc.tuple(value, fc.nat()).map(([good, at]) => {
      if (typeof good !== 'object' || good === null) return null;
      const names = Object.keys(good);
      const gone = names[at % Math.max(1, names.length)];
      return Object.fromEntries(Object.entries(good).filter(([name]) => name !== gone));
    }),
    fc.tuple(value, nearInstants).map(([good, at]) => Object.assign({}, good, { deadline: at })),
    fc.tuple(value, nearInstants).map(([good, at]) => Object.assign({}, good, { cutOver: { at } })),
  );

const nearInstants = fc.constantFrom(
  '2026-12-01',
  '2026-02-31T00:00:00Z',
  '2026-02-29T12:00:00Z',
  '2026-12-01T00:00Z',
  '2026-12-01t00:00:00z',
  '2026-12-01T23:59:60Z',
  '2026-12-01T00:00:00',
  '2026-12-01 00:00:00Z',
  '2026-12-01T00:00:00+24:00',
  '',
);

/** Half of what UTF-16 needs for the others is no character (Unicode, 3.8). */
const [SURROGATES, BEYOND] = [0xd800, 0xe000];

/** Each, as often as the others: the library's own `binary` is the same, and makes a table of all of them first. */
const anyCharacter = fc.integer({ min: 0, max: 0x10_ffff - (BEYOND - SURROGATES) }).map(
  (at) => String.fromCodePoint(at < SURROGATES ? at : at + BEYOND - SURROGATES),
  (text) => {
    const [character, ...more] = text as string;
    const code = character?.codePointAt(0) ?? 0;
    if (character === undefined || more.length > 0) throw new Error('it is not one character');
    return code < SURROGATES ? code : code - (BEYOND - SURROGATES);
  },
);

/** Texts that are read wrongly in queries and headers. */
export const oddTexts = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '0',
    '101',
    '1e1',
    '0x10',
    '+5',
    '5.0',
    ' 5',
    '-1',
    'true',
    'TRUE',
    'null',
    '*',
    "' OR 1=1",
    '[]',
  ),
  fc.string(),
  fc.string({ unit: anyCharacter }),
);
