import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { Faults } from '../faults.ts';
import { foreigners } from '../foreign/asked.ts';
import { type Descriptor, Checksum, digestOf, validateArchive } from '../packages.ts';
import { found, Refused } from '../problem.ts';
import { has } from '../quirks/call.ts';
import type { MeoSubscriptions } from './meo-subscriptions.ts';
import { listed } from './query.ts';

/** Application packages at a MEO (MEC 010-2, app_pkgm/v1): paths of v2.1.1, by appPkgId. */

const CreateAppPkg = z.object({
  appPkgName: z.string().min(1),
  appPkgVersion: z.string().min(1),
  appProvider: z.string().optional(),
  checksum: Checksum,
  appPkgPath: z.url(),
  userDefinedData: z.record(z.string(), z.unknown()).optional(),
});
type CreateAppPkg = z.infer<typeof CreateAppPkg>;

export interface Package {
  readonly id: string;
  readonly created: CreateAppPkg;
  onboardingState: 'CREATED' | 'UPLOADING' | 'PROCESSING' | 'ONBOARDED';
  operationalState: 'ENABLED' | 'DISABLED';
  /** Why the last content was not taken. */
  failure: string | undefined;
  content: { readonly archive: Buffer; readonly descriptor: Descriptor } | undefined;
}

const LEFT_OUT = ['checksum', 'softwareImages', 'additionalArtifacts'];

export class Packages {
  readonly #packages = new Map<string, Package>();
  readonly #url: string;
  readonly #paceMs: number;
  readonly #inUse: (packageId: string) => boolean;
  readonly #subscriptions: MeoSubscriptions;

  /** `meo`: base URL. `paceMs`: how long the upload and the validation take, each. */
  constructor(meo: string, paceMs: number, inUse: (packageId: string) => boolean, subscriptions: MeoSubscriptions) {
    this.#subscriptions = subscriptions;
    this.#url = `${meo}/app_pkgm/v1`;
    this.#paceMs = paceMs;
    this.#inUse = inUse;
  }

  /** The package from which instances of this descriptor are made. */
  usable(appDId: string): Package | undefined {
    return [...this.#packages.values()].find(
      ({ content, operationalState }) => content?.descriptor.appDId === appDId && operationalState === 'ENABLED',
    );
  }

  state(): object[] {
    return this.#sorted().map((one) => this.#shown(one));
  }

  #sorted(): Package[] {
    return [...this.#packages.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  routes(faults: Faults): Router {
    const router = Router();
    const all = ['/app_pkgm/v1/app_packages', '/app_pkgm/v1/onboarded_app_packages'];
    const below = (path: string) => all.map((collection) => `${collection}/:id${path}`);

    router.get(all, (req, res) => {
      const own = this.#sorted().map((one) => this.#shown(one, res));
      const packages = [...foreigners(res, 'packages', `${this.#url}/app_packages`), ...own];
      res.json(listed(req, packages, LEFT_OUT));
    });
    router.post(all, (req, res) => {
      const one: Package = {
        id: randomUUID(),
        created: CreateAppPkg.parse(req.body),
        onboardingState: 'CREATED',
        operationalState: 'DISABLED',
        failure: undefined,
        content: undefined,
      };
      if (faults.acting(req, 'noEffect') === undefined) this.#packages.set(one.id, one);
      res.status(201).location(`${this.#url}/app_packages/${one.id}`).json(this.#shown(one, res));
    });
    router.get(below(''), (req: Request<{ id: string }>, res) => void res.json(this.#shown(this.#one(req), res)));
    router.patch(below(''), (req: Request<{ id: string }>, res) => {
      const one = this.#one(req);
      const { operationalState } = z.object({ operationalState: z.enum(['ENABLED', 'DISABLED']) }).parse(req.body);
      if (one.onboardingState !== 'ONBOARDED') throw new Refused(409, `it is ${one.onboardingState}`);
      if (faults.acting(req, 'noEffect') === undefined && one.operationalState !== operationalState) {
        one.operationalState = operationalState;
        this.#tell(one, operationalState === 'ENABLED' ? 'AppPackageEnabled' : 'AppPackageDisabled');
      }
      res.json(this.#shown({ ...one, operationalState }, res));
    });
    router.delete(below(''), (req: Request<{ id: string }>, res) => {
      const one = this.#one(req);
      const { id } = one;
      if (this.#inUse(id)) throw new Refused(409, 'it is in use');
      if (faults.acting(req, 'noEffect') === undefined) {
        this.#packages.delete(id);
        this.#tell(one, 'AppPackageDeleted');
      }
      res.status(204).end();
    });
    router.put(below('/package_content'), (req: Request<{ id: string }>, res) => {
      const one = this.#one(req);
      if (!Buffer.isBuffer(req.body)) throw new Refused(415, 'an archive is sent as application/zip');
      if (one.onboardingState !== 'CREATED') throw new Refused(409, `it is ${one.onboardingState}`);
      const never = faults.acting(req, 'neverFinishes') !== undefined;
      if (faults.acting(req, 'noEffect') === undefined) void this.#onboard(one, req.body, never);
      res.status(202).end();
    });
    router.get(below('/package_content'), (req: Request<{ id: string }>, res: Response) => {
      res.type('application/zip').send(this.#content(req).archive);
    });
    router.get(below('/appd'), (req: Request<{ id: string }>, res) => void res.json(this.#content(req).descriptor));
    return router;
  }

  async #onboard(one: Package, archive: Buffer, never: boolean): Promise<void> {
    one.onboardingState = 'UPLOADING';
    one.failure = undefined;
    await pause(this.#paceMs);
    one.onboardingState = 'PROCESSING';
    if (never) return;
    await pause(this.#paceMs);
    try {
      const { descriptor } = await validateArchive(archive, { checksum: one.created.checksum });
      one.content = { archive, descriptor };
      one.onboardingState = 'ONBOARDED';
      one.operationalState = 'ENABLED';
      this.#tell(one, 'AppPackageOnBoarded');
    } catch (error) {
      one.failure = (error as Error).message;
      one.onboardingState = 'CREATED'; // there is no state FAILED (ours)
    }
  }

  #tell({ id, content, created, operationalState }: Package, what: Parameters<MeoSubscriptions['packageIs']>[1]): void {
    const appDId = content?.descriptor.appDId ?? created.appPkgName;
    this.#subscriptions.packageIs({ appPkgId: id, appDId, operationalState }, what);
  }

  /** By its id, or by the id of its descriptor as v3.1.1 has it. */
  #one({ params: { id } }: Request<{ id: string }>): Package {
    const byDescriptor = () => [...this.#packages.values()].find(({ content }) => content?.descriptor.appDId === id);
    return found(this.#packages.get(id) ?? byDescriptor(), `package ${id}`);
  }

  #content(req: Request<{ id: string }>): NonNullable<Package['content']> {
    const { content, onboardingState } = this.#one(req);
    if (content === undefined) throw new Refused(409, `it is ${onboardingState}`);
    return content;
  }

  /** Before its content is known, the names are those of its creation. */
  #shown(one: Package, res?: Response): object {
    const { id, created, onboardingState, operationalState, failure, content } = one;
    const self = `${this.#url}/app_packages/${id}`;
    const { descriptor } = content ?? {};
    return {
      id,
      appDId: descriptor?.appDId ?? created.appPkgName,
      appProvider: descriptor?.appProvider ?? created.appProvider,
      appName: descriptor?.appName ?? created.appPkgName,
      appSoftwareVersion: descriptor?.appSoftVersion ?? created.appPkgVersion,
      appDVersion: descriptor?.appDVersion ?? created.appPkgVersion,
      checksum: res !== undefined && has(res, 'sha512') ? sha512(one) : created.checksum,
      softwareImages: descriptor?.swImageDescriptor ?? [],
      onboardingState,
      operationalState,
      usageState: this.#inUse(id) ? 'IN_USE' : 'NOT_IN_USE',
      mecInfo: descriptor === undefined ? [] : [descriptor.mecVersion].flat(),
      userDefinedData: created.userDefinedData,
      ...(failure !== undefined && {
        onboardingFailureDetails: { title: 'Package refused', status: 400, detail: failure },
      }),
      _links: {
        self: { href: self },
        appD: { href: `${self}/appd` },
        appPkgContent: { href: `${self}/package_content` },
      },
    };
  }
}

/** Quirk `sha512`: told by a MEO that computes its own. Of what is not there yet, it tells what it was told. */
const sha512 = ({ content, created }: Package): z.infer<typeof Checksum> =>
  content === undefined
    ? created.checksum
    : { algorithm: 'SHA-512', hash: digestOf({ algorithm: 'SHA-512' }, content.archive) };
