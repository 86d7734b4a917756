import { failure } from '../../activities/failure.ts';
import type { Application, Packages, Wait } from '../../activities/ports.ts';
import {
  AppPkgInfo,
  type AppPkgInfoModifications,
  type CreateAppPkg,
  type PackageDialect,
  packageManagement,
} from '../../protocols/mec010-2/package.ts';
import { type Exchange, GONE } from '../http.ts';
import { scrubbed } from '../scrubbed.ts';
import { archiveOf, compared, furthest, hasFailed, isUsable, likeness } from './content.ts';
import { descriptorOf } from './descriptor.ts';
import { type Held, keyOf, listedPackages } from './listed-packages.ts';
import { LOOKS } from './operations.ts';

/** What a peer says of the bytes: they are no good. */
const BAD_CONTENT = [400, 413, 415, 422];

/** Packages at a MEO (MEC 010-2, Mm1), by content: appDId, versions and checksum (GR MEC 035, [5.3.2-3], [5.4.2-2]). */
export const mec010Packages = (meo: Exchange, dialect: PackageDialect): Packages => {
  const { collection, readAt, pathsOf, ofDescriptor, underKey } = listedPackages(meo, dialect);

  const cannotBeCompared = (untold: readonly string[]): Error =>
    failure('PackageMismatch', `${meo.name}: ${untold.join('; ')}: it cannot be compared with ours`);

  async function create(application: Application, key: string, wait: Wait): Promise<Held> {
    const json: CreateAppPkg = {
      appPkgName: application.name,
      appPkgVersion: application.softVersion,
      appProvider: application.provider,
      checksum: { algorithm: 'SHA-256', hash: application.checksum },
      appPkgPath: application.archive.uri,
      userDefinedData: { ferryKey: key },
    };
    const schema = AppPkgInfo.nullish().catch(undefined);
    const asked = { method: 'POST', path: collection, json, key } as const;
    const call = { ...asked, schema, hint: true, alsoExpect: [403, 409] } as const;
    const { status, body, location, told } = await meo.ask(call, wait.signal);
    const path = status < 300 ? placeOf(location, body) : undefined;
    const made = path === undefined ? (await underKey(key, wait.signal))[0] : await shown(path, body, wait);
    if (made === undefined) throw failure(status < 300 ? 'NotYet' : 'PeerRejected', told);
    wait.keep('package', made.path);
    return made;
  }

  /** Where a creation says that it is, else where its own link or its id leads. */
  function placeOf(location: string | null, info: AppPkgInfo | null | undefined): string | undefined {
    if (location?.startsWith(`${packageManagement}/`) === true) return location;
    if (info == null) return undefined;
    return info.self === undefined ? pathsOf(info).at(-1) : pathsOf(info)[0];
  }

  /** As its creation showed it; one that showed nothing is looked at where it was said to be. */
  async function shown(path: string, info: AppPkgInfo | null | undefined, wait: Wait): Promise<Held | undefined> {
    return info == null ? await readAt(path, wait.signal) : { info, path };
  }

  /** False: the peer does not know yet what it has created. */
  async function upload(path: string, application: Application, key: string, signal: AbortSignal): Promise<boolean> {
    const bytes = { type: 'application/zip', body: await archiveOf(application) };
    // 403 and 409: it has begun already
    const alsoExpect = [...BAD_CONTENT, 403, 409, ...GONE];
    const { status, told } = await meo.ask(
      { method: 'PUT', path: `${path}/package_content`, bytes, alsoExpect, key },
      signal,
    );
    if (BAD_CONTENT.includes(status)) throw failure('PackageInvalid', told);
    return !GONE.includes(status);
  }

  async function enable(path: string, key: string, signal: AbortSignal): Promise<void> {
    const json: AppPkgInfoModifications = { operationalState: 'ENABLED' };
    await meo.ask({ method: 'PATCH', path, json, alsoExpect: [403, 409], key }, signal);
  }

  /** It may not answer where it was created, and be listed all the same; or not be shown at all for a while. */
  async function again({ info, path }: Held, key: string, wait: Wait): Promise<Held> {
    for (let looks = 1; ; looks += 1) {
      const held = await readAt(path, wait.signal);
      if (held !== undefined) return held;
      const listed = (await underKey(key, wait.signal)).find((each) => each.info.id === info.id);
      if (listed !== undefined) return listed;
      if (looks === LOOKS) throw failure('NotYet', `${meo.name}: package ${info.id} has vanished`);
      await wait.pause();
    }
  }

  /** What was made of what we sent is taken for it where it cannot be compared: the peer was told our checksum. */
  async function check({ info }: Held, application: Application, key: string): Promise<void> {
    const like = await likeness(info, application);
    if (like === 'same' || (typeof like === 'object' && keyOf(info) === key)) return;
    if (typeof like === 'object') throw cannotBeCompared([`package ${info.id} ${like.cannot}`]);
    const what = like === 'otherContent' ? 'checksum' : 'descriptor id or version';
    throw failure('PackageMismatch', `${meo.name}: package ${info.id} was on-boarded with another ${what} than ours`);
  }

  /** From wherever it stands to ONBOARDED and ENABLED. */
  async function onBoard(begin: Held, application: Application, key: string, wait: Wait): Promise<void> {
    let sent = false;
    let begun = false;
    for (let held = begin; ; held = await again(held, key, wait)) {
      const { info, path } = held;
      const state = info.onboardingState ?? 'in no state';
      wait.progress(`package ${info.id} is ${scrubbed(state)} and ${scrubbed(info.operationalState ?? 'neither')}`);
      if (hasFailed(info) || (begun && state === 'CREATED'))
        throw failure('PackageInvalid', `package ${info.id} was not on-boarded: ${reasonOf(info)}`);
      begun ||= state !== 'CREATED';
      if (state === 'ONBOARDED') await check(held, application, key);
      if (isUsable(info)) return;
      if (state === 'ONBOARDED') await enable(path, key, wait.signal);
      if (state === 'CREATED' && dialect.content === 'put' && !sent)
        sent = await upload(path, application, key, wait.signal);
      await wait.pause();
    }
  }

  /** The one to go on with: made by an earlier attempt, or by somebody else, of the same content. */
  async function present(application: Application, key: string, wait: Wait): Promise<Held | undefined> {
    const ours = (await underKey(key, wait.signal)).toSorted(furthest);
    const { same, others, untold } = await compared(await ofDescriptor(application.appDId, wait.signal), application);
    const [first] = [...same, ...ours].toSorted(furthest);
    if (first !== undefined) return first;
    // A list may lag behind
    const kept = wait.kept('package');
    const made = kept === undefined ? undefined : await readAt(kept, wait.signal);
    if (made !== undefined) return made;
    if (untold.length > 0) throw cannotBeCompared(untold);
    if (others.length > 0)
      throw failure(
        'PackageMismatch',
        `${meo.name}: package ${others.join(', ')} has descriptor id and version of ours, but other content`,
      );
    return undefined;
  }

  /** Made twice, by a call whose answer was lost. */
  async function removeSurplus(held: Held, isOurs: boolean, key: string, { signal }: Wait): Promise<void> {
    let ours = await underKey(key, signal);
    if (isOurs && !ours.some(({ info }) => info.id === held.info.id)) ours = await underKey(key, signal, true);
    for (const { info, path } of ours)
      if (info.id !== held.info.id)
        await meo.ask({ method: 'DELETE', path, alsoExpect: [403, 409, ...GONE], key }, signal);
  }

  return {
    async find(application, signal) {
      const { same, others, untold } = await compared(await ofDescriptor(application.appDId, signal), application);
      if (same.some(({ info }) => isUsable(info))) return 'usable';
      if (same.length > 0) return 'unusable';
      if (untold.length > 0) throw cannotBeCompared(untold);
      return others.length > 0 ? 'mismatch' : 'absent';
    },

    described: descriptorOf,

    async sendable(application) {
      if (dialect.content === 'put') await archiveOf(application);
    },

    async distribute(application, key, wait) {
      const there = await present(application, key, wait);
      const held = there ?? (await create(application, key, wait));
      await onBoard(held, application, key, wait);
      await removeSurplus(held, there === undefined || keyOf(there.info) === key, key, wait);
    },
  };
};

const reasonOf = ({ onboardingFailureDetails: details }: AppPkgInfo): string =>
  scrubbed([details?.title, details?.detail].filter((word) => word != null).join(': ')) || 'the peer does not say why';
