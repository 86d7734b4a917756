import { createHash, getHashes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { failure } from '../../activities/failure.ts';
import type { Application } from '../../activities/ports.ts';
import type { AppPkgInfo } from '../../protocols/mec010-2/package.ts';
import { checksumIn } from '../checksum.ts';
import type { Held } from './listed-packages.ts';

/** How a package at a peer compares with ours; `cannot` says why it cannot be compared. */
export type Likeness = 'same' | 'otherVersion' | 'otherContent' | { readonly cannot: string };

/** By descriptor id, versions and checksum; a version that the peer does not tell differs from none. */
export async function likeness(info: AppPkgInfo, application: Application): Promise<Likeness> {
  const { appDId, softVersion, descriptorVersion, checksum } = application;
  if (
    info.appDId !== appDId ||
    differs(info.appSoftwareVersion, softVersion) ||
    differs(info.appDVersion, descriptorVersion)
  )
    return 'otherVersion';
  const { algorithm = '', hash = '' } = info.checksum ?? {};
  if (hash.trim() === '') return { cannot: 'tells no checksum' };
  const known = getHashes().find((name) => plain(name) === plain(algorithm));
  if (known === undefined) return { cannot: `tells a checksum of the kind ${algorithm.slice(0, 40)}` };
  const ours = plain(algorithm) === 'sha256' ? checksum : await computed(known, application);
  if (ours === undefined) return { cannot: `tells a ${algorithm} checksum, and the archive cannot be read here` };
  const theirs = checksumIn(hash, ours.length / 2);
  if (theirs === undefined) return { cannot: `tells a ${algorithm.slice(0, 40)} checksum of no form that is known` };
  return theirs === ours ? 'same' : 'otherContent';
}

const differs = (told: string | null | undefined, ours: string): boolean => told != null && told !== ours;

/** SHA-512, sha512 and SHA_512 are one. */
const plain = (algorithm: string): string => algorithm.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

async function computed(algorithm: string, application: Application): Promise<string | undefined> {
  try {
    return createHash(algorithm)
      .update(await archiveOf(application))
      .digest('hex');
  } catch {
    return undefined;
  }
}

/** The archive, if it is what the configuration says it is: validated before it is on-boarded. */
export async function archiveOf({ name, archive, checksum }: Application): Promise<Buffer> {
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

/** Those of the same versions, by how their content compares; the ones that have failed are none. */
export async function compared(found: readonly Held[], application: Application) {
  const same: Held[] = [];
  const others: string[] = [];
  const untold: string[] = [];
  for (const held of found.filter(({ info }) => !hasFailed(info))) {
    const like = await likeness(held.info, application);
    if (like === 'same') same.push(held);
    else if (like === 'otherContent') others.push(held.info.id);
    else if (like !== 'otherVersion') untold.push(`package ${held.info.id} ${like.cannot}`);
  }
  return { same: same.toSorted(furthest), others, untold };
}

const states = ['CREATED', 'UPLOADING', 'PROCESSING', 'ONBOARDED'];
export const furthest = (a: Held, b: Held): number =>
  states.indexOf(b.info.onboardingState ?? '') - states.indexOf(a.info.onboardingState ?? '');

export const isUsable = ({ onboardingState, operationalState }: AppPkgInfo): boolean =>
  onboardingState === 'ONBOARDED' && operationalState === 'ENABLED';

/** MEC has no state for it: it is CREATED again, and says why. */
export const hasFailed = ({ onboardingState, onboardingFailureDetails }: AppPkgInfo): boolean =>
  onboardingState === 'ERROR' || (onboardingState === 'CREATED' && onboardingFailureDetails != null);
