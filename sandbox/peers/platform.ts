import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { Faults } from '../faults.ts';
import type { Descriptor } from '../packages.ts';
import { Refused } from '../problem.ts';
import { has } from '../quirks/call.ts';
import type { EtagKind } from './etag.ts';
import { ApplicationMobility } from './mobility.ts';
import type { NetworkRules } from './network-link.ts';
import { PlatformRules } from './platform-rules.ts';
import { PlatformServices } from './platform-services.ts';
import { PlatformSubscriptions } from './platform-subscriptions.ts';
import { RadioNetworkInformation } from './rni.ts';

/** Refused with `notReadyYet` though the instance is ready. */
const EARLY_CALLS = 2;

/** A MEC platform: rules and readiness of instances, services, and the two services that it brings itself. */
export class Platform {
  readonly name: string;
  readonly url: string;
  readonly radio: RadioNetworkInformation;
  readonly mobility: ApplicationMobility;
  readonly #rules: PlatformRules;
  readonly #services: PlatformServices;
  readonly #subscriptions: PlatformSubscriptions;
  /** Who waits until an instance has confirmed that it may be ended. */
  readonly #ending = new Map<string, () => void>();
  /** Instances that are here, and whether they said that they are ready. */
  readonly #instances = new Map<string, 'starting' | 'ready'>();

  readonly #early = new Map<string, number>();

  /** Instances that came with the host, and stay. */
  readonly #residents: ReadonlySet<string>;

  constructor(name: string, url: string, etag: EtagKind, residents: readonly string[] = []) {
    this.#residents = new Set(residents);
    this.name = name;
    this.url = url;
    this.radio = new RadioNetworkInformation(url);
    this.mobility = new ApplicationMobility(url);
    this.#rules = new PlatformRules(etag);
    this.#subscriptions = new PlatformSubscriptions(url, (instance) => this.#demand(instance));
    this.#services = new PlatformServices(url, {
      demand: (instance) => this.#demand(instance),
      changed: (event) => this.#subscriptions.serviceChanged(event),
    });
  }

  /** Before its process starts: a starting application confirms that it is ready (MEC 011, confirm_ready). */
  admit(instance: string, descriptor: Descriptor, address: string): void {
    this.#rules.admit(instance, descriptor, address);
    this.#instances.set(instance, 'starting');
  }

  /** With a terminated instance go its rules, services, registrations and subscriptions (ours). */
  dismiss(instance: string): void {
    this.#instances.delete(instance);
    this.#early.delete(instance);
    const parts = [this.#rules, this.#services, this.#subscriptions, this.radio, this.mobility];
    for (const part of parts) part.dismiss(instance);
  }

  /**
   * Before an instance is stopped gracefully (MEC 011): whoever subscribed to it is told, and may
   * confirm within this time. Nobody subscribed: nobody is waited for.
   */
  async farewell(instance: string, action: 'STOPPING' | 'TERMINATING', graceMs: number): Promise<void> {
    const seconds = Math.max(1, Math.ceil(graceMs / 1_000));
    if (this.#subscriptions.terminating(instance, action, seconds) === 0) return;
    await new Promise<void>((resolve) => {
      this.#ending.set(instance, resolve);
      setTimeout(resolve, graceMs).unref();
    });
    this.#ending.delete(instance);
  }

  /** As MEC 011 lists them. */
  services(): unknown {
    return this.#services.state();
  }

  active(): NetworkRules {
    return this.#rules.active(this.name);
  }

  state(): unknown {
    return {
      instances: Object.fromEntries([...this.#instances].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      rules: this.#rules.state(),
      services: this.#services.state(),
      subscriptions: this.#subscriptions.state(),
      radio: this.radio.state(),
      mobility: this.mobility.state(),
    };
  }

  /** `tell`: tells the access network what is ACTIVE now. */
  routes(faults: Faults, tell: () => Promise<void>): Router {
    const support = Router()
      .use('/applications/:instance/:resource', this.#readiness)
      .use(this.#rules.routes(faults, tell));
    support.post('/applications/:instance/confirm_ready', (req, res) => {
      z.object({ indication: z.literal('READY') }).parse(req.body);
      this.#demand(req.params.instance);
      if (faults.acting(req, 'noEffect') === undefined && this.#instances.has(req.params.instance))
        this.#instances.set(req.params.instance, 'ready');
      res.status(204).end();
    });
    support.post('/applications/:instance/confirm_termination', (req, res) => {
      z.object({ operationAction: z.enum(['STOPPING', 'TERMINATING']) }).parse(req.body);
      this.#demand(req.params.instance);
      this.#ending.get(req.params.instance)?.();
      res.status(204).end();
    });
    return Router()
      .use('/mec_app_support/v1', support)
      .use(this.#subscriptions.routes(faults))
      .use(this.#services.routes(faults))
      .use(this.radio.routes(faults))
      .use(this.mobility.routes(faults));
  }

  /** Quirk `notReadyYet`: all else is 403 until an instance said that it is ready, and twice more. */
  readonly #readiness = (
    req: Request<{ instance: string; resource: string }>,
    res: Response,
    next: () => void,
  ): void => {
    const { instance, resource } = req.params;
    if (!has(res, 'notReadyYet') || resource.startsWith('confirm_')) return next();
    const calls = (this.#early.get(instance) ?? 0) + 1;
    this.#early.set(instance, calls);
    if (calls <= EARLY_CALLS || this.#instances.get(instance) === 'starting')
      throw new Refused(403, `instance ${instance} is not READY yet`);
    next();
  };

  #demand(instance: string): void {
    if (!this.#instances.has(instance) && !this.#residents.has(instance))
      throw new Refused(404, `no instance ${instance} here`);
  }
}
