import { type Callback, callbackById, callbacksOf } from '../catalogue/callbacks.ts';
import type { Catalogue } from '../catalogue/database.ts';
import type { Path } from '../catalogue/paths.ts';
import { mistakeInLink } from '../configuration/links.ts';
import { callbackMembers } from '../protocols/mpp/path.ts';
import { mistakeInTarget } from './inside.ts';
import type { Found } from './json-text.ts';
import { innerBase, type Means, servedBase, usedBase } from './means.ts';
import { passing } from './passing.ts';
import { absent, refusedHere, refusedTo } from './refusals.ts';
import type { Handler } from './served.ts';
import { malformed, targetOf } from './target.ts';
import { hostOf } from './translation.ts';

/** Each is written down before the service is asked: one request keeps nobody else from the catalogue. */
const AT_ONCE = 16;

/** Addresses that are to be notified, as a request names them. Throws a refusal (400). */
export function subscribers(strings: readonly Found[]): ReadonlySet<string> {
  const named = strings.flatMap(({ member, value }) => (callbackMembers.includes(member ?? '') ? [value] : []));
  const addresses = new Set(named);
  if (addresses.size > AT_ONCE) throw malformed(`the request names more than ${AT_ONCE} addresses to be notified`);
  return addresses;
}

/** Which addresses of ours in an answer stand for which target. */
export async function notified(
  catalogue: Catalogue,
  { id }: Path,
  prefix: string,
  strings: readonly Found[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(strings.flatMap(({ value }) => (value.startsWith(prefix) ? [value.slice(prefix.length)] : [])));
  const callbacks = await callbacksOf(catalogue, { binding: id, ids: [...ids] });
  return new Map(callbacks.map((callback) => [`${prefix}${callback.id}`, callback.target]));
}

/** From a producer of ours to the partner's gateway: `/n/{id}`. */
export const notificationsOut =
  (means: Means): Handler =>
  async (req, res, found, [, id = '', query = '']) => {
    const { path, callback } = await known(means, id, 'producer');
    found.partner = path.partner;
    const { verdict } = await means.verdicts.of({ id: path.id });
    if (verdict !== 'open') throw refusedHere(verdict);
    const partner = means.partners[path.partner];
    if (partner === undefined || mistakeInLink(partner, callback.target) !== undefined) throw absent();
    const [here, there] = [path.endpoint ?? '', servedBase(means, path)];
    await passing(means, req, res, {
      path,
      asked: withQuery(callback.target, query),
      target: { path: '', query },
      credentials: means.credentials(path.partner),
      refusedThere: () => means.poke(path.partner),
      asks: async () => ({ from: here, to: there, hides: hiding(means, here) }),
      answers: async () => ({ from: there, to: here, hides: means.isInside }),
    });
  };

/** From the partner's gateway to an application of ours: `/mpp/v1/callbacks/{id}`. */
export const notificationsIn =
  (means: Means): Handler =>
  async (req, res, found, [, id = '', query = '']) => {
    const { path, callback } = await known(means, id, 'consumer');
    if (path.partner !== found.partner) throw absent();
    const { verdict } = await means.verdicts.of({ id: path.id });
    if (verdict !== 'open') throw refusedTo(verdict);
    if (mistakeInTarget(means.configuration, path, callback.target) !== undefined) throw absent();
    const [there, here] = [usedBase(means, path), innerBase(means, path)];
    await passing(means, req, res, {
      path,
      asked: withQuery(callback.target, query),
      target: { path: '', query },
      asks: async () => ({ from: there, to: here, hides: means.isInside }),
      answers: async () => ({ from: here, to: there, hides: hiding(means, callback.target) }),
    });
  };

async function known(
  { catalogue, verdicts }: Means,
  id: string,
  side: Path['side'],
): Promise<{ readonly path: Path; readonly callback: Callback }> {
  const callback = await callbackById(catalogue, id);
  const { path } = callback === undefined ? { path: undefined } : await verdicts.of({ id: callback.binding });
  if (callback === undefined || path?.side !== side) throw absent();
  return { path, callback };
}

/** Whoever is asked is inside, at whatever port, whether or not the configuration knows its host. */
export function hiding({ isInside, own }: Means, asked: string): (url: URL) => boolean {
  const there = new URL(asked);
  const facesOutside = hostOf(there) === hostOf(new URL(own.outer));
  return (url) => (facesOutside ? url.host === there.host : hostOf(url) === hostOf(there)) || isInside(url);
}

/** As it is asked, however it was written. The target's own query comes first. */
function withQuery(target: string, query: string): string {
  targetOf(`/${query}`); // of characters that a URL may have
  const { origin, pathname, search } = new URL(target);
  return `${origin}${pathname}${search}${search === '' ? query : query.replace('?', '&')}`;
}
