import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { failure } from '../../activities/failure.ts';
import type { Application, Packages, Wait } from '../../activities/ports.ts';
import {
  AppPkgInfo,
  packageManagement,
  type AppPkgInfoModifications,
  type CreateAppPkg,
  type PackageDialect,
} from '../../protocols/mec010-2/package.ts';
import type { Exchange } from '../http.ts';
import { everyPage } from '../paging.ts';
import { scrubbed } from '../problem.ts';

/** What a peer says of the bytes: they are no good. */
const BAD_CONTENT = [400, 413, 415, 422];

/** Packages at a MEO (MEC 010-2, Mm1), by content: appDId, versions and checksum (GR MEC 035, [5.3.2-3], [5.4.2-2]). */
export const mec010Packages = (meo: Exchange, dialect: PackageDialect): Packages => {
  const collection = `${packageManagement}/${dialect.collection}`;
  const pathOf = ({ id, appDId }: AppPkgInfo): string =>
    `${collection}/${encodeURIComponent(dialect.collection === 'app_packages' ? id : (appDId ?? id))}`;

  async function read(listed: AppPkgInfo, signal: AbortSignal): Promise<AppPkgInfo | undefined> {
    const call = { method: 'GET', path: pathOf(listed), schema: AppPkgInfo, alsoExpect: [404] } as const;
    const { status, body } = await meo.ask(call, signal);
    return status === 404 ? undefined : body;
  }

  /**
   * Those of this application or made under this key, as individual resources: a list leaves out the checksum, and one whose bytes have not come
   * yet may not know its appDId. Unfiltered for the same reason.
   */
  async function look({ appDId }: Application, key: string | undefined, signal: AbortSignal): Promise<AppPkgInfo[]> {
    const found: AppPkgInfo[] = [];
    for (const listed of await everyPage(meo, collection, AppPkgInfo, signal)) {
      const ours = key !== undefined && keyOf(listed) === key;
      if (!ours && (listed.appDId !== appDId || hasFailed(listed))) continue;
      const info = await read(listed, signal);
      if (info !== undefined) found.push(info);
    }
    return found;
  }

  async function create(application: Application, key: string, signal: AbortSignal): Promise<AppPkgInfo> {
    const json: CreateAppPkg = {
      appPkgName: application.name,
      appPkgVersion: application.softVersion,
      appProvider: application.provider,
      checksum: { algorithm: 'SHA-256', hash: application.checksum },
      appPkgPath: application.archive.uri,
      userDefinedData: { ferryKey: key },
    };
    const call = { method: 'POST', path: collection, json, schema: AppPkgInfo, alsoExpect: [403, 409], key } as const;
    const { status, body, told } = await meo.ask(call, signal);
    if (status < 300) return body;
    const [there] = await look(application, key, signal);
    if (there === undefined) throw failure('PeerRejected', told);
    return there;
  }

  async function upload(info: AppPkgInfo, application: Application, key: string, signal: AbortSignal): Promise<void> {
    const body = await archiveOf(application);
    const path = `${pathOf(info)}/package_content`;
    const bytes = { type: 'application/zip', body };
    // 403 and 409: it has begun already
    const call = { method: 'PUT', path, bytes, alsoExpect: [...BAD_CONTENT, 403, 409], key } as const;
    const { status, told } = await meo.ask(call, signal);
    if (BAD_CONTENT.includes(status)) throw failure('PackageInvalid', told);
  }

  async function enable(info: AppPkgInfo, key: string, signal: AbortSignal): Promise<void> {
    const json: AppPkgInfoModifications = { operationalState: 'ENABLED' };
    await meo.ask({ method: 'PATCH', path: pathOf(info), json, alsoExpect: [403, 409], key }, signal);
  }

  /** From wherever it stands to ONBOARDED and ENABLED. */
  async function onBoard(created: AppPkgInfo, application: Application, key: string, wait: Wait): Promise<void> {
    let sent = false;
    let begun = false;
    for (let info: AppPkgInfo | undefined = created; ; info = await read(created, wait.signal)) {
      if (info === undefined) throw failure('NotYet', `package ${created.id} has vanished`);
      const { onboardingState, operationalState } = info;
      wait.progress(`package ${info.id} is ${onboardingState} and ${operationalState}`);
      if (hasFailed(info) || (begun && onboardingState === 'CREATED'))
        throw failure('PackageInvalid', `package ${info.id} was not on-boarded: ${reasonOf(info)}`);
      begun ||= onboardingState !== 'CREATED';
      if (onboardingState === 'ONBOARDED' && !isSame(info, application))
        throw failure(
          'PackageMismatch',
          `package ${info.id} was on-boarded with another descriptor id, version or checksum`,
        );
      if (isUsable(info)) return;
      if (onboardingState === 'ONBOARDED') await enable(info, key, wait.signal);
      if (onboardingState === 'CREATED' && dialect.content === 'put' && !sent) {
        await upload(info, application, key, wait.signal);
        sent = true;
      }
      await wait.pause();
    }
  }

  return {
    async find(application, signal) {
      const found = await look(application, undefined, signal);
      const same = found.filter((info) => isSame(info, application));
      if (same.some(isUsable)) return 'usable';
      if (same.length > 0) return 'unusable';
      return found.length > 0 ? 'mismatch' : 'absent';
    },

    async distribute(application, key, wait) {
      const found = await look(application, key, wait.signal);
      const [first, ...surplus] = found
        .filter((info) => keyOf(info) === key || isSame(info, application))
        .toSorted(furthest);
      if (first === undefined && found.length > 0)
        throw failure('PackageMismatch', `another package is there under the descriptor id ${application.appDId}`);
      await onBoard(first ?? (await create(application, key, wait.signal)), application, key, wait);
      // Made twice, by a call whose answer was lost
      for (const info of surplus.filter((each) => keyOf(each) === key && each.id !== first?.id))
        await meo.ask({ method: 'DELETE', path: pathOf(info), alsoExpect: [403, 404, 409], key }, wait.signal);
    },
  };
};

const states = ['CREATED', 'UPLOADING', 'PROCESSING', 'ONBOARDED'];
const furthest = (a: AppPkgInfo, b: AppPkgInfo): number =>
  states.indexOf(b.onboardingState) - states.indexOf(a.onboardingState);

const keyOf = ({ userDefinedData }: AppPkgInfo): unknown => userDefinedData?.['ferryKey'];

const isUsable = ({ onboardingState, operationalState }: AppPkgInfo): boolean =>
  onboardingState === 'ONBOARDED' && operationalState === 'ENABLED';

/** There is no state FAILED: it is CREATED again, and says why. */
const hasFailed = ({ onboardingState, onboardingFailureDetails }: AppPkgInfo): boolean =>
  onboardingState === 'CREATED' && onboardingFailureDetails != null;

const reasonOf = ({ onboardingFailureDetails: details }: AppPkgInfo): string =>
  scrubbed([details?.title, details?.detail].filter((word) => word != null).join(': ')) || 'the peer does not say why';

const isSame = (info: AppPkgInfo, application: Application): boolean =>
  info.appDId === application.appDId &&
  info.appSoftwareVersion === application.softVersion &&
  info.appDVersion === application.descriptorVersion &&
  /^sha-?256$/i.test(info.checksum?.algorithm ?? '') &&
  info.checksum?.hash.toLowerCase() === application.checksum;

/** The archive, if it is what the configuration says it is: validated before it is on-boarded. */
async function archiveOf({ name, archive, checksum }: Application): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFile(archive.path);
  } catch {
    throw failure('PackageInvalid', `the archive of ${name} cannot be read`);
  }
  if (createHash('sha256').update(bytes).digest('hex') !== checksum)
    throw failure('PackageInvalid', `the archive of ${name} has another checksum than its configuration`);
  return bytes;
}
