import { Agent, request } from 'undici';
import { serviceAt } from './platform.ts';

/** How often it asks its platform whether there is speech. */
const LOOK_MS = 250;
const CALL_MS = 2_000;

export interface NavigationState {
  readonly running: boolean;
  /** Where its platform says that speech is; null: it does not. */
  readonly service: string | null;
  readonly asked: number;
  readonly answered: number;
  /** Of its platform, of a gateway, or of the service: by status; 0: nobody answered. */
  readonly refused: Readonly<Record<string, number>>;
  /** Milliseconds since 1970. */
  readonly firstAnswerAt: number | null;
  readonly lastAnswerAt: number | null;
  /** The longest time between two answers. */
  readonly longestGapMs: number;
}

/** The application `navigation`: knows its platform, and asks it for `speech`; whoever serves that is nothing to it. */
export class Navigation {
  readonly #platform: string;
  readonly #agent: Agent;
  #service: string | null = null;
  #counts = { asked: 0, answered: 0, refused: {} as Record<string, number>, longestGapMs: 0 };
  #answers: { first: number | null; last: number | null } = { first: null, last: null };
  #timers: NodeJS.Timeout[] = [];

  /** `address`: its own, from which it asks. */
  constructor(platform: string, address: string) {
    this.#platform = platform;
    this.#agent = new Agent({ connect: { localAddress: address } });
  }

  start(perSecond: number): void {
    this.stop();
    this.#counts = { asked: 0, answered: 0, refused: {}, longestGapMs: 0 };
    this.#answers = { first: null, last: null };
    this.#timers = [
      setInterval(() => void this.#look(), LOOK_MS),
      setInterval(() => void this.#ask(), 1_000 / perSecond),
    ];
    void this.#look();
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    this.#service = null;
  }

  state(): NavigationState {
    const { first, last } = this.#answers;
    return {
      running: this.#timers.length > 0,
      service: this.#service,
      ...this.#counts,
      firstAnswerAt: first,
      lastAnswerAt: last,
    };
  }

  async #look(): Promise<void> {
    this.#service = (await serviceAt(this.#platform, 'speech').catch(() => undefined)) ?? null;
  }

  async #ask(): Promise<void> {
    const service = this.#service;
    if (service === null) return;
    this.#counts.asked += 1;
    const status = await this.#said(`${service}/say?text=${this.#counts.asked}`);
    if (status === 200) this.#answered(Date.now());
    else this.#counts.refused[status] = (this.#counts.refused[status] ?? 0) + 1;
  }

  async #said(url: string): Promise<number> {
    try {
      const { statusCode, body } = await request(url, {
        dispatcher: this.#agent,
        signal: AbortSignal.timeout(CALL_MS),
      });
      await body.dump();
      return statusCode;
    } catch {
      return 0;
    }
  }

  #answered(now: number): void {
    const { first, last } = this.#answers;
    this.#counts.answered += 1;
    this.#counts.longestGapMs = Math.max(this.#counts.longestGapMs, now - (last ?? now));
    this.#answers = { first: first ?? now, last: now };
  }
}
