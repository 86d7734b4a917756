import type { Scenario } from '../moves.ts';

/** A rule of the contract, and how to see that it is kept. */
export interface Rule {
  readonly id: string;
  readonly title: string;
  /** Where docs/application-contract.md says so, and its words. */
  readonly clause: { readonly anchor: string; readonly words: string };
  /** Rules, by their ids, without which a scenario of this one comes out otherwise as well. */
  readonly presupposes?: readonly string[];
  /** The shortest first: the first that fails is told. */
  readonly scenarios: readonly Scenario[];
}

export const RULES = 'rules';
export const CALLS = 'the-management-endpoint-httpinstancemanagement-portrelocationv1';
export const SAFE = 'why-it-is-safe';
