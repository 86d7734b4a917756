import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { calls } from '../adapters/application/calls.ts';
import { type ApplicationState, serves } from '../domain/application.ts';
import { type Answered, Instance, type Proof } from './instance.ts';
import type { Need, Relocation, Scenario, Who } from './moves.ts';
import { type Line, Play, type Played, type Stage } from './play.ts';
import { plain, type Rule, rules } from './rules.ts';
import { tidy } from './tidy.ts';

export interface Plan extends Pick<Stage, 'write' | 'restart'> {
  /** Of the management endpoints, one or two. */
  readonly urls: readonly URL[];
  readonly proof: Proof;
  /** Although it serves users. */
  readonly anyway: boolean;
  readonly patienceMs?: number;
  readonly log: Logger;
  /** What is played next. */
  readonly now?: (rule: Rule) => void;
}

export interface Finding {
  readonly rule: string;
  readonly title: string;
  readonly verdict: 'held' | 'broken' | 'notTried';
  /** How many of its scenarios were played. */
  readonly played: number;
  readonly of: number;
  /** Why those that were not played were not. */
  readonly why: readonly string[];
  readonly clause: { readonly page: string; readonly words: string };
  /** The shortest way in which it breaks, and what the contract demands at its end. */
  readonly broken: { readonly demand: string; readonly trace: readonly Line[] } | null;
}

export interface Report {
  readonly instances: readonly { readonly as: Who; readonly url: string; readonly instance: string }[];
  readonly findings: readonly Finding[];
  /** Users of the checker's own, whom S goes on listing: there is no call that forgets a user. */
  readonly users: number;
  /** What could not be put back. */
  readonly left: readonly string[];
}

/** There is nothing to be checked. `unreachable`: nobody answers there, or not us. */
export class Unfit extends Error {
  readonly unreachable: boolean;

  constructor(message: string, unreachable: boolean) {
    super(message);
    this.unreachable = unreachable;
  }
}

const PAGE = 'docs/application-contract.md';
const PREFIX = 'ferry-check-';
const PATIENCE_MS = 5_000;

const wanting: Readonly<Record<Need, string>> = {
  two: 'needs a second instance',
  between: 'needs a second instance',
  write: 'needs --write',
  restart: 'needs --restart',
};

/** Plays every rule against instances that serve nobody else. Throws Unfit. */
export async function check(plan: Plan): Promise<Report> {
  const met = await meet(plan);
  const { stage } = met;
  const checker = new Checker(stage, plan);
  const apart = await checker.standsBetween();
  const findings: Finding[] = [];
  for (const rule of rules) {
    plan.now?.(rule);
    findings.push(await checker.judge(rule, apart));
  }
  await checker.close();
  const { left, users } = checker;
  return { instances: met.instances, findings, users, left };
}

class Checker {
  readonly left: string[] = [];
  users = 0;
  readonly #stage: Stage;
  readonly #plays: Play[] = [];
  readonly #run = randomBytes(4).toString('hex');
  readonly #secure: boolean;

  constructor(stage: Stage, { urls }: Plan) {
    this.#stage = stage;
    this.#secure = urls.some(({ protocol }) => protocol === 'https:');
  }

  /** Null: what one tells the other comes by here; else why not. */
  async standsBetween(): Promise<string | null> {
    if (this.#stage.T === null) return wanting.between;
    if (this.#secure)
      return 'instances that are asked by HTTPS speak it to each other: there is no standing between them';
    const { played, saw } = await this.#play({ ...plain, needs: ['between'] });
    if (played.verdict === 'held' && saw) return null;
    const why = played.verdict === 'notTried' ? `: ${played.why}` : '';
    return `what S tells T does not come by the address that S was told${why}`;
  }

  async judge({ id, title, clause, scenarios }: Rule, apart: string | null): Promise<Finding> {
    const why = new Set<string>();
    let [played, broken] = [0, null as Finding['broken']];
    for (const scenario of scenarios) {
      const lack = this.#lack(scenario, apart);
      const { played: outcome } =
        lack === null ? await this.#play(scenario) : { played: { verdict: 'notTried', why: lack } as const };
      if (outcome.verdict === 'notTried') why.add(outcome.why);
      else played += 1;
      if (outcome.verdict !== 'broken') continue;
      broken = { demand: outcome.demand, trace: outcome.trace };
      break;
    }
    const verdict = broken !== null ? 'broken' : played === 0 ? 'notTried' : 'held';
    const where = { page: `${PAGE}#${clause.anchor}`, words: clause.words };
    return { rule: id, title, verdict, played, of: scenarios.length, why: [...why], clause: where, broken };
  }

  async close(): Promise<void> {
    for (const { between } of this.#plays) await between.close();
  }

  #lack({ needs }: Scenario, apart: string | null): string | null {
    const { T, write, restart } = this.#stage;
    const missing = { two: T === null, between: apart !== null, write: write === null, restart: restart === null };
    const need = needs.find((one) => missing[one]);
    return need === undefined ? null : need === 'between' ? apart : wanting[need];
  }

  async #play(scenario: Scenario): Promise<{ played: Played; saw: boolean }> {
    this.users += 1;
    const own = `${this.#run}${this.users}`;
    const nameOf = (relocation: Relocation | 'back'): string => `check${own}${relocation}`;
    const play = new Play(this.#stage, scenario, `${PREFIX}${own}`, nameOf);
    this.#plays.push(play);
    const played = await play.run();
    const saw = await play.between.comes('prepare', true, 1);
    const atRest = scenario.moves.some(({ move }) => move === 'restart');
    const left = await tidy(this.#stage, { user: play.user, relocations: sourcesOf(scenario), atRest, nameOf });
    if (left !== null) this.left.push(left);
    return { played, saw };
  }
}

function sourcesOf({ moves }: Scenario): Map<Relocation, Who> {
  const sources = new Map<Relocation, Who>();
  for (const move of moves) {
    if (move.move !== 'ask') continue;
    const gives = move.call === 'promise' || move.call === 'handOver';
    if (gives || !sources.has(move.relocation)) sources.set(move.relocation, gives ? move.at : 'S');
  }
  return sources;
}

async function meet({ urls, proof, anyway, write, restart, patienceMs = PATIENCE_MS, log }: Plan): Promise<{
  stage: Stage;
  instances: Report['instances'];
}> {
  const met = await Promise.all(
    urls.map(async (url) => {
      const instance = new Instance(url.host, url, proof, log);
      return { url, instance, state: stateIn(url, await instance.ask(calls.state('*'))) };
    }),
  );
  for (const { url, state } of met) {
    const busy = occupied(state);
    if (busy !== null && !anyway)
      throw new Unfit(`${url.host} ${busy}: check one that serves nobody, or say --anyway`, false);
  }
  const [S, second] = met.filter(({ state }) => state.role === 'authority');
  const T = met.find((one) => one !== S);
  if (S === undefined)
    throw new Unfit('no instance is the authority of whoever is not listed: have one begin as the first', false);
  if (second !== undefined)
    throw new Unfit('both instances are the authority of whoever is not listed: have one begin as a standby', false);
  const here = await S.instance.ourAddress();
  const stage = { S: S.instance, T: T?.instance ?? null, here, write, restart, patienceMs };
  const told = [S, ...(T === undefined ? [] : [T])].map(({ url, state }, nth) => ({
    as: nth === 0 ? ('S' as const) : ('T' as const),
    url: url.origin,
    instance: state.instance,
  }));
  return { stage, instances: told };
}

function stateIn(url: URL, { status, body, told, malformed }: Answered): ApplicationState {
  if (status === 200) return body as ApplicationState;
  const hint =
    status === 401 || status === 403
      ? 'it does not take us: --token-env, --token-file, --certificate'
      : 'is that its management endpoint?';
  throw new Unfit(`${url.host}: ${told}: ${hint}`, !malformed);
}

/** Users of its own, which the checker could disturb. */
function occupied(state: ApplicationState): string | null {
  const own = state.users.filter(({ user }) => !user.startsWith(PREFIX) && serves(state, user));
  if (own.length > 0) return `serves ${own.length} users`;
  if (state.clients > 0) return `was asked by ${state.clients} clients within the last minute`;
  if (state.promisedTo !== null && !state.promisedTo.startsWith('check'))
    return 'has promised its users to a relocation';
  return null;
}
