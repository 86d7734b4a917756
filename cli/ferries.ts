import { readFile } from 'node:fs/promises';

export type Topology = 'alone' | 'pair';

interface Binding {
  readonly address: string;
  readonly port: number;
}

/** A Ferry that the sandbox was made for, as it says when it is ready. */
export interface Ferry {
  readonly operator: string;
  /** Path of its configuration file. */
  readonly configuration: string;
  readonly inner: Binding | null;
  readonly outer: Binding | null;
  /** Null: it has none, or the environment says where. */
  readonly gateway: { readonly inner: Binding; readonly outer: Binding } | null;
}

/** What is known before anything is started: what runs beside the first Ferry, and whether there is a catalogue. */
interface Foreseen {
  readonly operators: readonly string[];
  readonly federated: boolean;
  /** Each Ferry has a gateway. */
  readonly gateways: boolean;
}

export const operatorsOf: Readonly<Record<Topology, Foreseen>> = {
  alone: { operators: ['operator-a'], federated: false, gateways: false },
  pair: { operators: ['operator-a', 'operator-b'], federated: true, gateways: true },
};

/** Of somebody's configuration file; what is wrong with it, its readers tell. */
export async function given(file: string): Promise<Foreseen> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const has = (member: string): boolean => new RegExp(`"${member}"\\s*:`).test(text);
  return { operators: [''], federated: has('federation'), gateways: has('federation') && has('gateway') };
}
