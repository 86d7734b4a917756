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
  /** Instances that are here, and whether they said that they are ready. */
  readonly #instances = new Map<string, 'starting' | 'ready'>();

  readonly #early = new Map<string, number>();

  constructor(name: string, url: string, etag: EtagKind) {
    this.name = name;
    this.url = url;
    this.radio = new RadioNetworkInformation(url);
    this.mobility = new ApplicationMobility(url);
    this.#rules = new PlatformRules(etag);
    this.#services = new PlatformServices(url);
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
    for (const part of [this.#rules, this.#services, this.radio, this.mobility]) part.dismiss(instance);
  }

  active(): NetworkRules {
    return this.#rules.active(this.name);
  }

  state(): unknown {
    return {
      instances: Object.fromEntries([...this.#instances].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      rules: this.#rules.state(),
      services: this.#services.state(),
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
      if (faults.acting(req, 'noEffect') === undefined) this.#instances.set(req.params.instance, 'ready');
      res.status(204).end();
    });
    support.post('/applications/:instance/confirm_termination', (req, res) => {
      z.object({ operationAction: z.enum(['STOPPING', 'TERMINATING']) }).parse(req.body);
      this.#demand(req.params.instance);
      res.status(204).end();
    });
    return Router()
      .use('/mec_app_support/v1', support)
      .use(this.#services.routes(faults))
      .use(this.radio.routes(faults))
      .use(this.mobility.routes(faults));
  }

  /** Quirk `notReadyYet`: until the instance has said that it is ready, and for the first calls about it, all else is 403. */
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

  /** As MEC 011 v2.2.1 has it for an instance that is not instantiated. */
  #demand(instance: string): void {
    if (!this.#instances.has(instance)) throw new Refused(409, `instance ${instance} is not instantiated here`);
  }
}
