interface Operation {
  readonly parameters?: readonly object[];
  readonly responses: Readonly<Record<string, object>>;
}

interface Referring {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Partial<Record<'parameters' | 'responses', Readonly<Record<string, object>>>>>;
}

/** An OpenAPI document with each shared parameter and answer where it belongs. Throws where there is none of that name. */
export function referred(document: object): object {
  const { paths, components, ...rest } = document as Referring;
  const followed = (kind: keyof Referring['components'], one: object): object => {
    if (!('$ref' in one)) return one;
    const name = String(one.$ref).replace(`#/components/${kind}/`, '');
    const shared = components[kind]?.[name];
    if (shared === undefined) throw new Error(`there are no ${kind} ${name}`);
    return shared;
  };
  const resolved = Object.entries(paths).map(([path, methods]) => [
    path,
    Object.fromEntries(
      Object.entries(methods).map(([method, { parameters, responses, ...operation }]) => [
        method,
        {
          ...operation,
          ...(parameters !== undefined && { parameters: parameters.map((one) => followed('parameters', one)) }),
          responses: Object.fromEntries(
            Object.entries(responses).map(([status, one]) => [status, followed('responses', one)]),
          ),
        },
      ]),
    ),
  ]);
  return { ...rest, paths: Object.fromEntries(resolved), components };
}
