/** An operation, of which all but what it takes stays as it is. */
interface Described {
  readonly tags: readonly string[];
  readonly parameters?: readonly object[];
}
type Paths<Operation> = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** Whatever more than one operation takes alike, once, and a reference wherever it is taken. */
export function sharedParameters<Operation extends Described>(
  paths: Paths<Operation>,
): { paths: Paths<Operation>; parameters: Record<string, object> } {
  const names = namesOf(repeated(Object.values(paths).flatMap((methods) => Object.values(methods))));
  const referred = (parameter: object): object => {
    const name = names.get(JSON.stringify(parameter));
    return name === undefined ? parameter : { $ref: `#/components/parameters/${name}` };
  };
  return {
    paths: mapped(paths, (methods) =>
      mapped(methods, (operation) =>
        operation.parameters === undefined
          ? operation
          : { ...operation, parameters: operation.parameters.map(referred) },
      ),
    ),
    parameters: Object.fromEntries([...names].map(([text, name]) => [name, JSON.parse(text) as object])),
  };
}

/** By what it says: its name, and of which collections its operations are. */
function repeated(operations: readonly Described[]): Map<string, readonly [name: string, tags: ReadonlySet<string>]> {
  const [seen, again] = [new Map<string, Set<string>>(), new Map<string, readonly [string, Set<string>]>()];
  for (const { tags, parameters = [] } of operations)
    for (const parameter of parameters) {
      const text = JSON.stringify(parameter);
      const before = seen.get(text);
      if (before !== undefined) again.set(text, ['name' in parameter ? String(parameter.name) : '', before]);
      seen.set(text, before ?? new Set());
      for (const tag of tags) seen.get(text)?.add(tag);
    }
  return again;
}

/** After the collection whose operations alone take it, and what it is called; numbered where that is not one of a kind. */
function namesOf(parameters: ReturnType<typeof repeated>): Map<string, string> {
  const taken = new Map<string, number>();
  return new Map(
    [...parameters].map(([text, [called, tags]]) => {
      const name = [...(tags.size === 1 ? tags : []), called].map(capitalized).join('');
      const nth = (taken.get(name) ?? 0) + 1;
      taken.set(name, nth);
      return [text, nth === 1 ? name : `${name}${nth}`];
    }),
  );
}

const capitalized = (words: string): string =>
  words.replaceAll(/(?:^|\W+)(\w)/g, (_, letter: string) => letter.toUpperCase());

const mapped = <T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
