import { mayPass } from '../../activities/failure.ts';
import { AppPkgInfo, OneAppPkg, packageManagement, type PackageDialect } from '../../protocols/mec010-2/package.ts';
import { type Exchange, GONE } from '../http.ts';
import { lastSegment } from '../links.ts';
import { equals, everyPage } from '../paging.ts';

/** A package at a peer, and where it is asked for. */
export interface Held {
  readonly info: AppPkgInfo;
  readonly path: string;
}

/** Packages as a MEO shows them: found by what is theirs, asked for where it says that they are. */
export const listedPackages = (meo: Exchange, { collection: name }: Pick<PackageDialect, 'collection'>) => {
  const collection = `${packageManagement}/${name}`;

  /** Where it may be: at its own link, under its descriptor's id (V3.1.1), under its own id. */
  function pathsOf({ id, appDId, self = '' }: AppPkgInfo): string[] {
    const own = lastSegment(self);
    const ids = name === 'app_packages' ? [own, id] : [own, appDId, id];
    return [...new Set(ids)].flatMap((each) => (each ? [`${collection}/${encodeURIComponent(each)}`] : []));
  }

  async function readAt(path: string, signal: AbortSignal): Promise<Held | undefined> {
    const call = { method: 'GET', path, schema: OneAppPkg, alsoExpect: GONE } as const;
    const { status, body } = await meo.ask(call, signal);
    return GONE.includes(status) ? undefined : { info: body, path };
  }

  /** As an individual resource: a list leaves out the checksum. Another one may answer under the id of its descriptor. */
  async function read(info: AppPkgInfo, signal: AbortSignal): Promise<Held | undefined> {
    for (const path of pathsOf(info)) {
      const held = await readAt(path, signal);
      if (held?.info.id === info.id) return held;
    }
    return undefined;
  }

  async function listed(query: string | null, wanted: (info: AppPkgInfo) => boolean, signal: AbortSignal) {
    const path = query === null ? collection : `${collection}?${query}`;
    return await everyPage(meo, path, AppPkgInfo, signal, [], wanted);
  }

  /** What is of this descriptor; one that vanishes meanwhile is none. One that cannot be read is as the list tells it. */
  async function ofDescriptor(appDId: string, signal: AbortSignal): Promise<Held[]> {
    const held: Held[] = [];
    for (const info of await listed(equals('appDId', appDId), (each) => each.appDId === appDId, signal)) {
      const found = await read(info, signal).catch((error: unknown) => {
        if (signal.aborted || mayPass(error)) throw error;
        return { info, path: pathsOf(info)[0] ?? collection };
      });
      if (found !== undefined) held.push(found);
    }
    return held;
  }

  /**
   * What was made under this key: it exists, though it may not answer by itself yet. Before its bytes have come it may not know
   * its descriptor. `whole`: not every peer can filter by user defined data.
   */
  async function underKey(key: string, signal: AbortSignal, whole = false): Promise<Held[]> {
    const isOurs = (info: AppPkgInfo): boolean => keyOf(info) === key;
    const held: Held[] = [];
    for (const info of await listed(whole ? null : equals('userDefinedData/ferryKey', key), isOurs, signal))
      held.push((await read(info, signal)) ?? { info, path: pathsOf(info)[0] ?? collection });
    return held;
  }

  return { collection, readAt, pathsOf, ofDescriptor, underKey };
};

export const keyOf = ({ userDefinedData }: AppPkgInfo): unknown => userDefinedData?.['ferryKey'];
