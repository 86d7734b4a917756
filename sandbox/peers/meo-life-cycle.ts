import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { Faults } from '../faults.ts';
import { found, Refused } from '../problem.ts';
import type { RunningInstance } from '../runner.ts';
import type { Host } from './host.ts';
import type { Instance, Instances } from './meo-instances.ts';
import { misfortuneOf, type OperationPlan, type Operations } from './meo-operations.ts';

/** What a MEO does with instances (MEC 010-2 v3.1.1: instantiate, operate, terminate): each a process on a host. */

const InstantiateAppRequest = z.object({
  /** Where to. hostId is of free shape in the standard; this is ours. */
  selectedMECHostInfo: z.array(z.object({ hostId: z.object({ id: z.string() }) })).min(1),
});

const TerminateAppRequest = z.object({
  terminationType: z.enum(['FORCEFUL', 'GRACEFUL']),
  gracefulTerminationTimeout: z.int().nonnegative().optional(),
});

const OperateAppRequest = z
  .object({
    changeStateTo: z.enum(['STARTED', 'STOPPED']),
    stopType: z.enum(['FORCEFUL', 'GRACEFUL']).optional(),
    gracefulStopTimeout: z.int().nonnegative().optional(),
  })
  .refine(({ changeStateTo, stopType }) => changeStateTo === 'STOPPED' || stopType === undefined, {
    message: 'stopType belongs to STOPPED',
  })
  .refine(({ stopType, gracefulStopTimeout }) => (stopType === 'GRACEFUL') === (gracefulStopTimeout !== undefined), {
    message: 'gracefulStopTimeout is present exactly when stopType is GRACEFUL',
  });

/** GRACEFUL without a limit waits without limit: long enough. */
const NO_LIMIT_S = 3_600;

export class LifeCycle {
  readonly #instances: Instances;
  readonly #operations: Operations;
  readonly #hosts: readonly Host[];
  readonly #tell: () => Promise<void>;

  /** `tell`: tells the access network what is ACTIVE now. */
  constructor(instances: Instances, operations: Operations, hosts: readonly Host[], tell: () => Promise<void>) {
    this.#instances = instances;
    this.#operations = operations;
    this.#hosts = hosts;
    this.#tell = tell;
  }

  routes(faults: Faults): Router {
    const task =
      (plan: (instance: Instance, body: unknown) => Omit<OperationPlan, 'instance' | 'params'>) =>
      (req: Request<{ id: string }>, res: Response): void => {
        const instance = this.#instances.one(req.params.id);
        this.#operations.demandNoneOpen(instance.id);
        const planned = { instance: instance.id, params: req.body as unknown, ...plan(instance, req.body) };
        res
          .status(202)
          .location(this.#operations.begin(planned, misfortuneOf(faults, req)))
          .end();
      };
    const one = '/app_lcm/v1/app_instances/:id';
    return Router()
      .post(`${one}/instantiate`, task(this.#instantiate))
      .post(`${one}/terminate`, task(this.#terminate))
      .post(`${one}/operate`, task(this.#operate));
  }

  readonly #instantiate = (instance: Instance, body: unknown) => {
    if (instance.operationalState !== undefined) throw new Refused(409, 'it is INSTANTIATED');
    const wanted = InstantiateAppRequest.parse(body).selectedMECHostInfo.map(({ hostId }) => hostId.id);
    const hosts = this.#hosts.filter(({ id }) => wanted.includes(id));
    const host = hosts.find(({ full }) => !full) ?? hosts[0];
    if (host === undefined) throw new Refused(400, `no host ${wanted.join(', ')} here`);
    host.take(instance.id);
    instance.host = host;
    const work = async (): Promise<void> => {
      const { archive, descriptor } = instance.content;
      this.#started(instance, await host.begin(instance.id, archive, descriptor));
      await this.#tell();
    };
    return { kind: 'INSTANTIATE', work, failed: () => left(instance) } as const;
  };

  readonly #terminate = (instance: Instance, body: unknown) => {
    demandInstantiated(instance);
    const { terminationType, gracefulTerminationTimeout = NO_LIMIT_S } = TerminateAppRequest.parse(body);
    const graceMs = terminationType === 'FORCEFUL' ? 0 : gracefulTerminationTimeout * 1_000;
    const work = async (): Promise<void> => {
      await stop(instance, graceMs, 'TERMINATING');
      this.#instances.becomes(instance, undefined);
      left(instance);
      await this.#tell();
    };
    return { kind: 'TERMINATE', work, failed: () => undefined } as const;
  };

  readonly #operate = (instance: Instance, body: unknown) => {
    demandInstantiated(instance);
    const { changeStateTo, gracefulStopTimeout = 0 } = OperateAppRequest.parse(body);
    if (instance.operationalState === changeStateTo) throw new Refused(409, `it is ${changeStateTo}`);
    const work = async (): Promise<void> => {
      if (changeStateTo === 'STOPPED') await stop(instance, gracefulStopTimeout * 1_000, 'STOPPING');
      else this.#started(instance, await hostOf(instance).run(instance.id, instance.content.archive));
      this.#instances.becomes(instance, changeStateTo);
      await this.#tell();
    };
    return { kind: 'OPERATE', work, failed: () => undefined } as const;
  };

  /** A process that ends by itself leaves its instance STOPPED. */
  #started(instance: Instance, process: RunningInstance): void {
    instance.process = process;
    this.#instances.becomes(instance, 'STARTED');
    void this.#ended(instance, process);
  }

  async #ended(instance: Instance, process: RunningInstance): Promise<void> {
    await process.exited;
    if (instance.process !== process) return;
    instance.process = undefined;
    this.#instances.becomes(instance, 'STOPPED');
  }
}

async function stop(instance: Instance, graceMs: number, action: 'STOPPING' | 'TERMINATING'): Promise<void> {
  if (graceMs > 0) await instance.host?.platform.farewell(instance.id, action, graceMs);
  const { process } = instance;
  instance.process = undefined;
  await process?.stop(graceMs);
}

function left(instance: Instance): void {
  instance.host?.leave(instance.id);
  instance.host = undefined;
}

const hostOf = (instance: Instance): Host => found(instance.host, `host of instance ${instance.id}`);

function demandInstantiated({ operationalState }: Instance): void {
  if (operationalState === undefined) throw new Refused(409, 'it is NOT_INSTANTIATED');
}
