import type { Plan, Unfederated } from '../configuration.ts';
import type { SystemPlace } from '../peers/system.ts';
import type { BuiltPackage } from '../provider.ts';

interface Binding {
  readonly address: string;
  readonly port: number;
}

/** A Ferry that this world is made for: whoever starts it is told what it has to be started with. */
export interface Ferry {
  readonly operator: string;
  readonly configuration: Unfederated;
  /** Where its operator, and orchestrators, reach its API; null: wherever whoever starts it likes. */
  readonly inner: Binding | null;
  /** Where partners do; null: it has none. */
  readonly outer: Binding | null;
  /** Where applications, and partners' gateways, reach its gateway; null: it has none. */
  readonly gateway: { readonly inner: Binding; readonly outer: Binding } | null;
}

/** Who is there, and what they agreed upon. */
export interface Topology {
  readonly issuers: boolean;
  /** Applications that use a service of another operator. */
  readonly assistant: boolean;
  /** `ferry`: the inner listener of A's. Secrets of clients are below the folder `secrets`. */
  readonly systems: (net: number, ferry: string, secrets: string) => readonly SystemPlace[];
  /** The first one is A's. */
  readonly ferries: (plan: Plan, built: BuiltPackage, archive: string, secrets: string) => readonly Ferry[];
}
