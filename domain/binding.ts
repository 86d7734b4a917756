import type { FailureType } from './failures.ts';
import type { BindingRequest } from './binding-request.ts';
import type { Asked } from './wish.ts';

/** By which both operators know a binding: made of its run, used once. */
export const bindingName = /^[a-z][a-z2-7]{25}$/;

/** The use of one offer by one of our platforms, for all applications there: at the consumer's and at the producer's federator. */
export type BindingSide = 'consumer' | 'producer';

/** Forwards only, so that what comes late changes nothing. */
export type BindingState = 'admitting' | 'open' | 'closed';

/** How far an announced use had come at the producer's when it ended, and so which lines its ledger has. */
export const reaches = ['nothing', 'announced', 'opened'] as const;
export type Reached = (typeof reaches)[number];

/** Who settles a consumption: the federators (GR MEC 035, solution 5-2), or orchestrators and platforms (solution 5-1). */
export const solutions = ['federators', 'direct'] as const;
export type Solution = (typeof solutions)[number];

/** How a consumption came out. */
export interface BindingResult {
  readonly outcome: 'open' | 'refused' | 'rolledBack';
  readonly failure: {
    readonly type: FailureType;
    readonly step: ConsumptionStep;
    readonly message: string;
    readonly remedy: string;
  } | null;
  /** Whose offer it is. */
  readonly operator: string | null;
  readonly asked: readonly Asked[];
  /** Candidates. */
  readonly tried: number;
  /** What could not be undone: undos, by their names. */
  readonly leftovers: readonly string[];
  readonly durationsMs: Readonly<Partial<Record<ConsumptionStep, number>>>;
}

/**
 * The fifteen steps of a consumption (GR MEC 035, 6.5.3), in the words of the procedure, and which of them each step of ours
 * brings about. Steps 1 to 4 are inside the consumer's system; 14 is the partner's.
 */
export const consumptionSteps = {
  look: { numbers: '6', title: 'look in the catalogue: own systems, then what partners have told' },
  form: { numbers: '7', title: 'form federations, where nobody known has it' },
  ask: { numbers: '8-10', title: 'ask the partners, and they their orchestrators' },
  choose: { numbers: '11', title: 'choose an offer' },
  tell: { numbers: '12', title: 'tell our orchestrator, and by it the platform' },
  announce: { numbers: '13-14', title: 'announce the decision; the partner tells its own side' },
  confirm: { numbers: '15', title: 'see the path through both gateways to the producer' },
  expose: { numbers: '15', title: 'expose the service at the platform' },
} as const;
export type ConsumptionStep = keyof typeof consumptionSteps;

export const consumptionStepNames = Object.keys(consumptionSteps) as readonly ConsumptionStep[];

/** What undoes a consumption, in this order: nobody is led any more to what ends. */
export const consumptionUndos = {
  withdrawService: { title: 'take the service off the platform' },
  withdrawDecision: { title: 'withdraw the announcement at the partner' },
  retractDecision: { title: 'tell our orchestrator that it is over' },
} as const;
export type ConsumptionUndo = keyof typeof consumptionUndos;

/** One consumption of what is called so at a platform at a time: the workflow's id, after its word. */
export const bindingText = ({ system, platform, what, forApplication }: BindingRequest): string =>
  [system, platform, what.kind, what.name, forApplication ?? ''].join('\n');
