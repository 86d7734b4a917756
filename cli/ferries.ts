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
}

/** What is known before anything is started: what runs beside the first Ferry, and whether there is a catalogue. */
interface Foreseen {
  readonly operators: readonly string[];
  readonly federated: boolean;
}

export const operatorsOf: Readonly<Record<Topology, Foreseen>> = {
  alone: { operators: ['operator-a'], federated: false },
  pair: { operators: ['operator-a', 'operator-b'], federated: true },
};

/** Of somebody's configuration file; what is wrong with it, its readers tell. */
export async function given(file: string): Promise<Foreseen> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return { operators: [''], federated: /"federation"\s*:/.test(text) };
}
