import { digestOf, PackageInvalid } from './digest.ts';

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
    source: (block.get('source') ?? '').replace(/^\.\//, ''),
    algorithm: block.get('algorithm') ?? '',
    hash: block.get('hash') ?? '',
  }));
}

/**
 * What speaks of the others needs no entry: the manifest, the metadata file, signatures and
 * certificates.
 */
const NEEDS_NONE = /^TOSCA-Metadata\/TOSCA\.meta$|\.(?:mf|cms|sig|cert|cer|crt|pem|p7s)$/i;

/** Every other file has its entry, every entry its file, and every hash is right. */
export function checkManifest(files: ReadonlyMap<string, Buffer>, name: string, manifest: Buffer): void {
  const entries = entriesOf(manifest.toString('utf8'), name);
  if (entries.length === 0) throw new PackageInvalid(`${name} lists no file`);
  const listed = new Set(entries.map(({ source }) => source));
  if (listed.size !== entries.length) throw new PackageInvalid(`${name} lists a file twice`);
  for (const { source, algorithm, hash } of entries) {
    if (/^\w+:\/\//.test(source)) continue; // it is elsewhere
    const bytes = files.get(source);
    if (bytes === undefined) throw new PackageInvalid(`${name} lists ${source}, which is missing`);
    if (digestOf({ algorithm }, bytes) !== hash.toLowerCase())
      throw new PackageInvalid(`${source} does not have the hash that ${name} gives`);
  }
  for (const path of files.keys())
    if (!listed.has(path) && !NEEDS_NONE.test(path)) throw new PackageInvalid(`${path} is not in ${name}`);
}
