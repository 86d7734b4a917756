import { accessAt } from '../network/access-network.ts';
import type { Binding } from '../network/binding.ts';

/** What a device needs to know of an access network that it is attached to. */
export interface Access {
  readonly name: 'cellular' | 'wifi';
  readonly resolver: Binding;
  readonly userPlane: Binding;
  /** Where instances on the MEC hosts of this network have their addresses, each as `127.x.y.`. */
  readonly instances: readonly string[];
}

export const accessNetworks = (net: number): readonly [Access, Access] => [
  { name: 'cellular', ...accessAt(`127.${net}.2`), instances: [`127.${net}.21.`, `127.${net}.22.`] },
  { name: 'wifi', ...accessAt(`127.${net}.3`), instances: [`127.${net}.31.`] },
];
