import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Checksum, digestOf, validateArchive } from '../packages.ts';
import { limits } from '../zip.ts';

/** The packages that a cloud keeps: it fetches them itself, and keeps them when their instances are gone (GR MEC 035, 5.3.1). */

const FETCH_LIMIT_MS = 10_000;

export const PackageOrder = z.object({
  appDId: z.string().min(1),
  appSoftVersion: z.string().min(1),
  checksum: Checksum,
  uri: z.url({ protocol: /^https?$/ }),
});
export type PackageOrder = z.infer<typeof PackageOrder>;

/** As the API shows it. */
export interface PackageInfo {
  readonly id: string;
  readonly appDId: string;
  readonly appSoftVersion: string;
  readonly checksum: Checksum;
  readonly state: 'fetching' | 'ready' | 'failed';
  readonly detail: string | null;
}

interface Kept {
  info: PackageInfo;
  archive: Buffer | null;
}

export class CloudPackages {
  readonly #kept = new Map<string, Kept>();

  /** The one with this descriptor and version, whatever its content. */
  alike({ appDId, appSoftVersion }: PackageOrder): PackageInfo | undefined {
    return this.list().find((info) => info.appDId === appDId && info.appSoftVersion === appSoftVersion);
  }

  /** Answers at once; the archive is fetched and validated meanwhile. `never`: it stays in progress. */
  fetch(order: PackageOrder, never: boolean): PackageInfo {
    const { appDId, appSoftVersion, checksum, uri } = order;
    const kept: Kept = {
      info: { id: randomUUID(), appDId, appSoftVersion, checksum, state: 'fetching', detail: null },
      archive: null,
    };
    this.#kept.set(kept.info.id, kept);
    if (!never) void fill(kept, uri);
    return kept.info;
  }

  list(): readonly PackageInfo[] {
    return [...this.#kept.values()].map(({ info }) => info);
  }

  find(id: string): PackageInfo | undefined {
    return this.#kept.get(id)?.info;
  }

  /** The archive of a package that is ready. */
  archive(id: string): Buffer | undefined {
    return this.#kept.get(id)?.archive ?? undefined;
  }

  /** Has this package that content? Other algorithms than its own are only known once the archive is here. */
  carries(id: string, checksum: Checksum): boolean {
    const kept = this.#kept.get(id);
    if (kept === undefined) return false;
    const own = kept.info.checksum;
    const hash = own.algorithm === checksum.algorithm ? own.hash : kept.archive && digestOf(checksum, kept.archive);
    return hash?.toLowerCase() === checksum.hash.toLowerCase();
  }

  delete(id: string): void {
    this.#kept.delete(id);
  }
}

async function fill(kept: Kept, uri: string): Promise<void> {
  const { appDId, appSoftVersion, checksum } = kept.info;
  try {
    const archive = await download(uri);
    await validateArchive(archive, { appDId, appSoftVersion, checksum });
    kept.archive = archive;
    kept.info = { ...kept.info, state: 'ready' };
  } catch (error) {
    kept.info = { ...kept.info, state: 'failed', detail: (error as Error).message };
  }
}

async function download(uri: string): Promise<Buffer> {
  const answer = await fetch(uri, { redirect: 'error', signal: AbortSignal.timeout(FETCH_LIMIT_MS) });
  if (!answer.ok || answer.body === null) throw new Error(`the repository answered ${answer.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    if (bytes > limits.archiveBytes) throw new Error('the archive is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
