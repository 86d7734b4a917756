import type { Application } from '../../activities/ports.ts';
import type { ServiceOrder } from '../../protocols/tmf641/order.ts';

/** What a cloud is asked for through the OSS that reaches it (GR MEC 035, 6.6.2 steps 2 and 3). */
export type Wish =
  | { readonly wish: 'instantiate'; readonly application: Application }
  | { readonly wish: 'start' | 'stop' | 'remove'; readonly instance: string };

export interface Item {
  readonly action: 'add' | 'modify' | 'delete' | 'noChange';
  readonly service: { readonly id?: string; readonly state?: string } & Readonly<Record<string, unknown>>;
}

const changes = {
  start: { action: 'modify', service: { state: 'active' } },
  stop: { action: 'modify', service: { state: 'inactive' } },
  remove: { action: 'delete', service: {} },
} as const satisfies Record<string, Item>;

export function itemOf(wish: Wish): Item {
  const serviceType = 'application-instance';
  if (wish.wish !== 'instantiate') {
    const { action, service } = changes[wish.wish];
    return { action, service: { id: wish.instance, serviceType, ...service } };
  }
  const { name, appDId: id, softVersion: version, checksum, archive } = wish.application;
  const serviceCharacteristic = [
    characteristic('packageChecksum', `sha-256:${checksum}`),
    characteristic('packageUri', archive.uri),
  ];
  const serviceSpecification = { id, name, version };
  return {
    action: 'add',
    service: { name, serviceType, state: 'active', serviceSpecification, serviceCharacteristic },
  };
}

/** The file types a value as an object: a plain string would fail it. */
const characteristic = (name: string, value: string) => ({ name, valueType: 'string', value: { value } });

/**
 * Not by its key alone: a step and its undo may share it, and an undo may remove two instances
 * under one.
 */
export function asks(order: ServiceOrder, { action, service }: Item): boolean {
  const theirs = order.orderItem[0];
  if (theirs?.action !== action) return false;
  return (
    action === 'add' ||
    (theirs.service.id === service.id && (action === 'delete' || theirs.service.state === service.state))
  );
}
