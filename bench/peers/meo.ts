import { done, equal, type Heard, ok, refused, type Reply } from './exchange.ts';
import { CHECKSUM, type Behaviour, SERVICE_PORT, type Side } from './plan.ts';
import type { Instance, Operation, World } from './world.ts';

const numberOf = (appDId: string): number => Number(/^appd-(\d+)$/.exec(appDId)?.[1] ?? -1);

function packages({ path, query }: Heard): Reply {
  const id = /^\/app_pkgm\/v1\/app_packages\/appd-(\d+)$/.exec(path)?.[1];
  if (id !== undefined) return ok(packageOf(Number(id)));
  const [, value = ''] = equal(query) ?? [];
  return ok(numberOf(value) < 0 ? [] : [packageOf(numberOf(value))]);
}

/** Packages and life cycle (MEC 010-2): every package is there, operations take the time that was ordered. */
export function meo(world: World, behaviour: () => Behaviour) {
  function instances(heard: Heard): Reply {
    const { method, path, query, json } = heard;
    const [, id, task] = /^\/app_lcm\/v1\/app_instances(?:\/([^/]+))?(?:\/(\w+))?$/.exec(path) ?? [];
    if (id === undefined) {
      if (method !== 'POST') return ok(listed(query).map(infoOf));
      const made = world.create(numberOf(String(json['appDId'])), String(json['appInstanceName']));
      return { status: 201, json: infoOf(made), headers: { location: `/app_lcm/v1/app_instances/${made.id}` } };
    }
    const instance = world.instances.get(id);
    if (instance === undefined) return refused(404, 'no such instance');
    if (task !== undefined) return begin(instance, task, json);
    if (method !== 'DELETE') return ok(infoOf(instance));
    if (instance.state === 'INSTANTIATED') return refused(409, 'still instantiated');
    world.remove(instance);
    return done;
  }

  function listed(query: URLSearchParams): readonly Instance[] {
    const [member, value = ''] = equal(query) ?? [];
    if (member === 'appDId') return world.of(numberOf(value));
    if (member === 'id') return [world.instances.get(value) ?? []].flat();
    const all = [...world.instances.values()];
    return member === 'appInstanceName' ? all.filter(({ name }) => name === value) : all;
  }

  function begin(instance: Instance, task: string, json: Heard['json']): Reply {
    const kind = task === 'instantiate' ? 'INSTANTIATE' : 'TERMINATE';
    const fits = instance.state === (kind === 'INSTANTIATE' ? 'NOT_INSTANTIATED' : 'INSTANTIATED');
    const open = [...world.operations.values()].some((each) => each.instance === instance.id);
    if (open || !fits) return refused(409, `not while it is ${instance.state}`);
    const hosts = json['selectedMECHostInfo'] as readonly { readonly hostName: string }[] | undefined;
    const [side = 'right', pair = '0'] = hosts?.[0]?.hostName.split('-') ?? [];
    const { operationMs, oneIn } = behaviour();
    const fails = kind === 'INSTANTIATE' && oneIn > 0 && instance.application % oneIn === 0;
    const operation: Operation = {
      id: `o${world.next()}`,
      kind,
      instance: instance.id,
      // Terminations are quick: what is measured waits for the target
      endsAt: performance.now() + (kind === 'INSTANTIATE' ? operationMs : 0),
      looks: 0,
      open: true,
      fails,
      carryOut: () => {
        if (kind === 'TERMINATE') world.terminate(instance);
        else if (!fails) world.place(instance, side as Side, Number(pair));
      },
    };
    world.operations.set(operation.id, operation);
    return { status: 202, headers: { location: `/app_lcm/v1/app_lcm_op_occs/${operation.id}` } };
  }

  function operations({ path }: Heard): Reply {
    const [, id] = /^\/app_lcm\/v1\/app_lcm_op_occs(?:\/([^/]+))?$/.exec(path) ?? [];
    if (id === undefined) return ok([...world.operations.values()].map(occurrenceOf));
    const operation = world.operations.get(id);
    if (operation === undefined) return refused(404, 'no such operation');
    operation.looks += 1;
    settle(operation);
    const occurrence = occurrenceOf(operation);
    if (!operation.open) world.operations.delete(id); // it has been told
    return ok(occurrence);
  }

  function settle(operation: Operation): void {
    const { polls, gate } = behaviour();
    const made = operation.kind === 'INSTANTIATE';
    if (!operation.open || (gate && made)) return;
    if (polls > 0 && made ? operation.looks < polls : performance.now() < operation.endsAt) return;
    operation.open = false;
    operation.carryOut();
  }

  return (heard: Heard): Reply => {
    if (heard.path.startsWith('/app_pkgm/')) return packages(heard);
    if (heard.path.startsWith('/app_lcm/v1/app_instances')) return instances(heard);
    return heard.path.startsWith('/app_lcm/v1/app_lcm_op_occs') ? operations(heard) : refused(404, 'nothing here');
  };
}

const packageOf = (n: number): object => ({
  id: `appd-${n}`,
  appDId: `appd-${n}`,
  appName: `app-${n}`,
  appSoftwareVersion: '1.0',
  appDVersion: '1.0',
  checksum: { algorithm: 'SHA-256', hash: CHECKSUM },
  onboardingState: 'ONBOARDED',
  operationalState: 'ENABLED',
  usageState: 'IN_USE',
  _links: { self: { href: `/app_pkgm/v1/app_packages/appd-${n}` } },
});

const infoOf = ({ id, name, application, state, address }: Instance): object => ({
  id,
  appInstanceName: name,
  appDId: `appd-${application}`,
  appName: `app-${application}`,
  appProvider: 'bench',
  appSoftVersion: '1.0',
  appDVersion: '1.0',
  appPkgId: `appd-${application}`,
  instantiationState: state,
  ...(state === 'INSTANTIATED' && {
    instantiatedAppState: { operationalState: 'STARTED' },
    communicationInterface: { ipAddresses: [{ host: address, port: SERVICE_PORT }] },
  }),
  _links: { self: { href: `/app_lcm/v1/app_instances/${id}` } },
});

const occurrenceOf = ({ id, kind, instance, open, fails }: Operation): object => ({
  id,
  operationState: open ? 'PROCESSING' : fails ? 'FAILED' : 'COMPLETED',
  stateEnteredTime: { seconds: 1_764_000_000, nanoSeconds: 0 },
  startTime: { seconds: 1_764_000_000, nanoSeconds: 0 },
  lcmOperation: kind,
  _links: {
    self: { href: `/app_lcm/v1/app_lcm_op_occs/${id}` },
    appInstance: { href: `/app_lcm/v1/app_instances/${instance}` },
  },
});
