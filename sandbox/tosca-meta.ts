/** `TOSCA-Metadata/TOSCA.meta`: keys without regard to case, in blocks of which those with a `Name` tell of single files. */
export function toscaMeta(files: ReadonlyMap<string, Buffer>): {
  readonly manifest: string | undefined;
  readonly entry: string | undefined;
} {
  const [, bytes] = [...files].find(([path]) => path.toLowerCase() === 'tosca-metadata/tosca.meta') ?? [];
  const blocks = textOf(bytes)
    .split(/\r?\n[^\S\n]*\r?\n/)
    .map(keysOf)
    .filter((keys) => !keys.has('name'));
  const told = (...keys: readonly string[]): string | undefined => {
    const value = keys.flatMap((key) => blocks.flatMap((block) => block.get(key) ?? [])).find((text) => text !== '');
    return value && plainPath(value);
  };
  return {
    manifest: told('etsi-entry-manifest', 'entry-manifest'),
    entry: told('entry-definitions', 'etsi-entry-definitions'),
  };
}

/** Some editors put a mark before the first letter. */
export const textOf = (bytes: Buffer | undefined): string => (bytes?.toString('utf8') ?? '').replace(/^\uFEFF/, '');

/** As the archive has it: `./Definitions\app.yaml` and `"Definitions/app.yaml"` are one. */
export const plainPath = (told: string): string =>
  told
    .replace(/^(["'])(.*)\1$/, '$2')
    .replaceAll('\\', '/')
    .replace(/^(?:\.?\/)+/, '');

function keysOf(block: string): ReadonlyMap<string, string> {
  const lines = block.split(/\r?\n/).map((line) => /^\s*([\w-]+)\s*:\s*(.*?)\s*$/.exec(line) ?? []);
  return new Map(lines.map(([, key = '', value = '']) => [key.toLowerCase(), value]));
}
