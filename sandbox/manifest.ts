import { digestOf, PackageInvalid } from './digest.ts';
import { plainPath, textOf } from './tosca-meta.ts';

/**
 * The manifest of a package (NFV-SOL 004, 4.3.2): metadata, then an entry for each file, then
 * perhaps a signature.
 */

export interface ManifestEntry {
  readonly source: string;
  readonly algorithm: string;
  readonly hash: string;
}

const SIGNED = { begin: '-----BEGIN CMS-----', end: '-----END CMS-----' } as const;

/**
 * The entries alone. A signature is passed over, not verified: nobody here knows its certificate.
 * Metadata and sets of other artifacts, which have no `Source`, are passed over too.
 */
export function entriesOf(manifest: string, name: string): readonly ManifestEntry[] {
  const [signed = '', signature] = manifest.split(SIGNED.begin);
  if (signature !== undefined && !signature.includes(SIGNED.end))
    throw new PackageInvalid(`the signature in ${name} has no end`);
  const blocks: Map<string, string>[] = [];
  for (const line of signed.split(/\r?\n/)) {
    const [, key = '', value = ''] = /^\s*([\w-]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    if (key.toLowerCase() === 'source') blocks.push(new Map());
    blocks.at(-1)?.set(key.toLowerCase(), value);
  }
  return blocks.map((block) => ({
    source: sourceIn(block),
    algorithm: block.get('algorithm') ?? '',
    hash: block.get('hash') ?? '',
  }));
}

function sourceIn(block: ReadonlyMap<string, string>): string {
  const source = block.get('source') ?? '';
  return isElsewhere(source) ? source : plainPath(source);
}

const isElsewhere = (source: string): boolean => /^\w+:\/\//.test(source);

/**
 * What speaks of the others needs no entry: the manifest, the metadata file, signatures and
 * certificates.
 */
const NEEDS_NONE = /^TOSCA-Metadata\/TOSCA\.meta$|\.(?:mf|cms|sig|cert|cer|crt|pem|p7s)$/i;

/** Every other file has its entry, every entry its file, and every hash is right. `folder`: the root's own, if it has one. */
export function checkManifest(
  files: ReadonlyMap<string, Buffer>,
  folder: string,
  name: string,
  manifest: Buffer,
): void {
  const atRoot = (source: string): string =>
    !files.has(source) && source.startsWith(folder) ? source.slice(folder.length) : source;
  const entries = entriesOf(textOf(manifest), name).map((entry) => ({ ...entry, source: atRoot(entry.source) }));
  if (entries.length === 0) throw new PackageInvalid(`${name} lists no file`);
  const listed = new Set(entries.map(({ source }) => source));
  if (listed.size !== entries.length) throw new PackageInvalid(`${name} lists a file twice`);
  for (const { source, algorithm, hash } of entries) {
    if (isElsewhere(source)) continue;
    const bytes = files.get(source);
    if (bytes === undefined) throw new PackageInvalid(`${name} lists ${source}, which is missing`);
    if (digestOf({ algorithm }, bytes) !== hash.toLowerCase())
      throw new PackageInvalid(`${source} does not have the hash that ${name} gives`);
  }
  for (const path of files.keys())
    if (!listed.has(path) && !NEEDS_NONE.test(path)) throw new PackageInvalid(`${path} is not in ${name}`);
}
