import { failure } from '../../activities/failure.ts';
import type { Application, Packages, Wait } from '../../activities/ports.ts';
import { CloudPackage, packages } from '../../protocols/cloud-manager/cloud.ts';
import { checksumIn } from '../checksum.ts';
import { type Exchange, GONE } from '../http.ts';
import { scrubbed } from '../problem.ts';
import { listed } from './list.ts';

/** So often it may be looked for in vain: no standard promises that what was written is read at once. */
const LOOKS = 20;

/** What an offer answers may be less than the package. */
const Offered = CloudPackage.nullish().catch(undefined);

const at = (id: string): string => `${packages}/${encodeURIComponent(id)}`;

/** Packages of a cloud: it fetches them itself, and keeps them when their instances are gone (GR MEC 035, 5.3.1). */
export const cloudPackages = (manager: Exchange, cloud: string): Packages => {
  /** Idempotent by content: the same descriptor id, version and checksum again answer 200 with what is there. */
  async function offer(application: Application, key: string, signal: AbortSignal) {
    const { appDId, softVersion: appSoftVersion, checksum: hash, archive } = application;
    const json = { appDId, appSoftVersion, checksum: { algorithm: 'SHA-256', hash }, uri: archive.uri };
    const call = { method: 'POST', path: packages, json, key, schema: Offered, hint: true, alsoExpect: [409] } as const;
    const { status, body, told } = await manager.ask(call, signal);
    if (status === 409) throw failure('PackageMismatch', told);
    const held = body ?? (await versionOf(application, signal));
    if (held === undefined) throw failure('NotYet', `${told}, but does not show the package yet`);
    return { held, wasThere: status === 200 };
  }

  async function versionOf({ appDId, softVersion }: Application, signal: AbortSignal) {
    const versions = await listed(manager, packages, { appDId, schema: CloudPackage }, signal);
    return versions.find(({ appSoftVersion }) => appSoftVersion === softVersion);
  }

  async function fetched(offered: CloudPackage, wait: Wait): Promise<CloudPackage> {
    let held = offered;
    for (let unseen = 0; held.state !== 'ready' && held.state !== 'failed'; ) {
      wait.progress(`${cloud}: fetching and validating the package`);
      await wait.pause();
      const call = { method: 'GET', path: at(held.id), schema: CloudPackage, alsoExpect: GONE } as const;
      const { status, body } = await manager.ask(call, wait.signal);
      unseen = GONE.includes(status) ? unseen + 1 : 0;
      if (unseen > LOOKS) throw failure('NotYet', `${cloud}: the cloud does not show a package that it took`);
      if (unseen === 0) held = body;
    }
    return held;
  }

  return {
    find: async (application, signal) => {
      const held = await versionOf(application, signal);
      if (held === undefined) return 'absent';
      // Not told, by another algorithm, or in an unknown form, it cannot be compared here: offered again, the cloud compares
      const { algorithm = '', hash = '' } = held.checksum ?? {};
      if (!/^sha-?256$/i.test(algorithm)) return 'unusable';
      const theirs = checksumIn(hash, application.checksum.length / 2);
      if (theirs === undefined) return 'unusable';
      if (theirs !== application.checksum) return 'mismatch';
      return held.state === 'ready' ? 'usable' : 'unusable';
    },

    sendable: async () => undefined, // the cloud fetches it itself
    described: async () => undefined, // a cloud makes no rules of it

    distribute: async (application, key, wait) => {
      let { held, wasThere } = await offer(application, key, wait.signal);
      if (wasThere && held.state === 'failed') {
        // What failed before us may have been the way to the repository, not the package: it gets one more chance.
        await manager.ask({ method: 'DELETE', path: at(held.id), key, alsoExpect: GONE }, wait.signal);
        ({ held } = await offer(application, key, wait.signal));
      }
      held = await fetched(held, wait);
      if (held.state === 'failed')
        throw failure(
          'PackageInvalid',
          `${cloud} cannot use the package: ${scrubbed(held.detail ?? 'it does not say why')}`,
        );
    },
  };
};
