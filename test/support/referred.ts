interface Referring {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, object>> }>>>
  >;
  readonly components: object;
}

/** An OpenAPI document with each shared answer where it is answered. Throws where there is none of that name. */
export function referred(document: object): object {
  const { paths, components, ...rest } = document as Referring & { components: { responses?: Record<string, object> } };
  const answered = ([status, response]: [string, object]): [string, object] => {
    const name = '$ref' in response ? String(response.$ref).replace('#/components/responses/', '') : undefined;
    if (name === undefined) return [status, response];
    const shared = components.responses?.[name];
    if (shared === undefined) throw new Error(`there is no response ${name}`);
    return [status, shared];
  };
  const resolved = Object.entries(paths).map(([path, methods]) => [
    path,
    Object.fromEntries(
      Object.entries(methods).map(([method, operation]) => [
        method,
        { ...operation, responses: Object.fromEntries(Object.entries(operation.responses).map(answered)) },
      ]),
    ),
  ]);
  return { ...rest, paths: Object.fromEntries(resolved), components };
}
