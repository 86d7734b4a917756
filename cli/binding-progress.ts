import type { ServiceBinding } from '../api/service-bindings.ts';
import { consumptionStepNames, consumptionSteps, type ConsumptionStep } from '../domain/binding.ts';
import type { FerryClient } from './client.ts';
import { legible } from './legible.ts';
import { looking } from './looking.ts';
import { Patience } from './patience.ts';
import { triedSoFar } from './table.ts';
import { seconds, type Terminal } from './terminal.ts';

const LOOK_MS = 200;
const WIDTH = Math.max(...consumptionStepNames.map((name) => numbered(name).length));

/** What is to be bound, and for whom. */
export interface Consumed {
  readonly system: string;
  readonly platform: string;
  readonly kind: 'service' | 'application';
  readonly name: string;
}

/** Asks for it, and shows its steps until it is bound, or could not be. */
export async function bind(
  client: FerryClient,
  terminal: Terminal,
  wanted: Consumed,
  signal?: AbortSignal,
): Promise<ServiceBinding> {
  const { system, platform, kind, name } = wanted;
  const progress = new BindingProgress(terminal);
  try {
    const asked = await client.post<ServiceBinding>('/v1/service-bindings', { system, platform, what: { kind, name } });
    const see = (binding: ServiceBinding): boolean => {
      progress.show(binding);
      return binding.state !== 'working';
    };
    if (see(asked)) return asked;
    const patience = new Patience(terminal, client, new Date());
    const look = async () => await client.get<ServiceBinding>(bindingPath(asked.id));
    return await looking(look, see, { everyMs: LOOK_MS, patience, signal });
  } finally {
    terminal.living('');
  }
}

export const bindingPath = (id: string): string => `/v1/service-bindings/${encodeURIComponent(id)}`;

/** One line for each step that is done, with its numbers in the standard, and one for the step that it is at. */
class BindingProgress {
  readonly #terminal: Terminal;
  readonly #told = new Set<ConsumptionStep>();
  #at: ConsumptionStep | undefined;
  #since = performance.now();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show({ state, step, durationsMs, failure, waitingFor }: ServiceBinding): void {
    const now = consumptionStepNames.find((name) => name === step);
    for (const name of consumptionStepNames)
      if (durationsMs[name] !== undefined && name !== now) this.#tell(name, durationsMs[name], failure?.step === name);
    if (state === 'open') this.#rest();
    if (now !== undefined && now !== this.#at) [this.#at, this.#since] = [now, performance.now()];
    const tried = waitingFor === null ? [] : triedSoFar(waitingFor).map((told) => legible(told));
    if (now !== undefined) this.#terminal.living([`  … ${numbered(now)}`, ...tried].join('; '));
  }

  /** What is open tells of its steps no more: none of the last is ever left out. */
  #rest(): void {
    if (this.#at === undefined) return; // it was bound before
    const last = Math.max(consumptionStepNames.indexOf(this.#at), consumptionStepNames.indexOf('choose'));
    this.#tell(this.#at, performance.now() - this.#since, false);
    for (const name of consumptionStepNames.slice(last)) this.#tell(name, undefined, false);
  }

  #tell(name: ConsumptionStep, ms: number | undefined, failed: boolean): void {
    if (this.#told.has(name)) return;
    this.#told.add(name);
    const mark = failed ? this.#terminal.paint('red', '✗') : this.#terminal.paint('green', '✓');
    const took = (ms === undefined ? '' : seconds(ms)).padStart(6);
    this.#terminal.tell(`  ${mark} ${numbered(name).padEnd(WIDTH)}  ${took}`.trimEnd());
  }
}

function numbered(name: ConsumptionStep): string {
  const { numbers, title } = consumptionSteps[name];
  return `${numbers} ${title}`;
}
