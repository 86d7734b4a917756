import { z } from 'zod';

/** JSON Schemas of one document: what has an id of its own stands among its components once. */
export class SchemaBook {
  readonly components: Record<string, object> = {};
  readonly #made = new Map<z.ZodType, object>();

  /** As it is sent. Made once: every operation is refused in the same form. */
  schema(schema: z.ZodType): object {
    const made = this.#made.get(schema) ?? this.#make(schema);
    this.#made.set(schema, made);
    return made;
  }

  #make(schema: z.ZodType): object {
    const {
      $schema: _,
      $defs,
      ...own
    } = z.toJSONSchema(schema, {
      io: 'input',
      unrepresentable: 'any',
      override: ({ jsonSchema }) => {
        // That a number is exact is no condition that anybody has to keep
        if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
        if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      },
    });
    for (const [name, component] of Object.entries($defs ?? {})) this.components[name] = this.#ours(component);
    const id = schema.meta()?.id;
    if (id === undefined || '$ref' in own) return this.#ours(own);
    this.components[id] = this.#ours(own);
    return { $ref: `#/components/schemas/${id}` };
  }

  /** With references into the components, and without the ids that they replace. */
  #ours(schema: object): object {
    const { id: _, ...rest } = JSON.parse(JSON.stringify(schema), ours) as { id?: unknown };
    return rest;
  }
}

function ours(key: string, value: unknown): unknown {
  if (key === '$ref' && typeof value === 'string') return value.replace('#/$defs/', '#/components/schemas/');
  if (!isRecord(value)) return value;
  if (isRecord(value['properties'])) return { ...value, properties: withoutDefaults(value['properties']) };
  if (Array.isArray(value['type'])) return orNull(value);
  return typeof value['const'] === 'string' ? oneOfOne(value) : value;
}

/** A client that was generated demands a member that has a default; the description says what it is without one. */
const withoutDefaults = (properties: Record<string, unknown>): object =>
  Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const { default: _, ...rest } = property as Record<string, unknown>;
      return [name, rest];
    }),
  );

/** A client that was generated throws on any other member of a choice, where one is a constant. */
const oneOfOne = ({ const: only, ...rest }: Record<string, unknown>): object => ({ ...rest, enum: [only] });

/** Generators of clients know a choice; a list of types they take for an error. */
function orNull({ type, description, ...rest }: Record<string, unknown>): object {
  const choices = (type as readonly string[]).map((one) => (one === 'null' ? { type: one } : { type: one, ...rest }));
  return { ...(description !== undefined && { description }), anyOf: choices };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
