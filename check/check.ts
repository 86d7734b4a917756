import { randomBytes } from 'node:crypto';
import { type Asked, meet, type Met, RELOCATIONS, USERS } from './meeting.ts';
import type { Need, Relocation, Scenario, Who } from './moves.ts';
import { type Line, Play, type Played } from './play.ts';
import type { Rule } from './rules/rule.ts';
import { plain, rules } from './rules/rules.ts';
import type { Stage } from './stage.ts';
import { tidy } from './tidy.ts';

export interface Plan extends Asked {
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
  /** By what it was judged, where that is not all that the rule is about. */
  readonly sees: readonly string[];
  /** Broken rules, by their ids, of which this verdict may be a mere consequence. */
  readonly mayFollowFrom: readonly string[];
  readonly clause: { readonly page: string; readonly words: string };
  /** The shortest way in which it breaks, and what the contract demands at its end. */
  readonly broken: { readonly demand: string; readonly trace: readonly Line[] } | null;
}

export interface Report {
  readonly instances: Met['instances'];
  readonly findings: readonly Finding[];
  /** Users of the checker's own, whom S goes on listing: there is no call that forgets a user. */
  readonly users: number;
  /** What could not be put back. */
  readonly left: readonly string[];
}

const PAGE = 'docs/application-contract.md';

const wanting: Readonly<Record<Need, string>> = {
  two: 'needs a second instance',
  between: 'needs a second instance',
  write: 'needs --write',
  restart: 'needs --restart',
};

/** Plays every rule against instances that serve nobody else. Throws Unfit. */
export async function check(plan: Plan): Promise<Report> {
  const met = await meet(plan);
  const checker = new Checker(met.stage, plan);
  try {
    const apart = await checker.standsBetween();
    const findings: Finding[] = [];
    for (const rule of rules) {
      plan.now?.(rule);
      const finding = await checker.judge(rule, apart);
      findings.push({ ...finding, mayFollowFrom: causes(rule, finding, findings) });
    }
    const { left, users } = checker;
    return { instances: met.instances, findings, users, left };
  } finally {
    await checker.close();
  }
}

type Judged = Omit<Finding, 'mayFollowFrom'>;

/** Every rule speaks of calls that answer as they should. */
const ALWAYS = ['calls'];

function causes({ id, presupposes = [] }: Rule, { verdict }: Judged, before: readonly Finding[]): string[] {
  const needed = [...ALWAYS, ...presupposes].filter((rule) => rule !== id);
  return verdict !== 'broken'
    ? []
    : before.filter((one) => one.verdict === 'broken' && needed.includes(one.rule)).map(({ rule }) => rule);
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
    const { played, saw } = await this.#play(plain);
    if (played.verdict === 'held' && saw) return null;
    // What kept a plain move from being played is the cause, whatever it would have shown
    return played.verdict === 'notTried' ? played.why : 'what S tells T does not come by the address that S was told';
  }

  async judge({ id, title, clause, scenarios }: Rule, apart: string | null): Promise<Judged> {
    const [why, sees] = [new Set<string>(), new Set<string>()];
    let [played, broken] = [0, null as Finding['broken']];
    for (const scenario of scenarios) {
      const lack = this.#lack(scenario, apart);
      const { played: outcome } =
        lack === null ? await this.#play(scenario) : { played: { verdict: 'notTried', why: lack } as const };
      if (outcome.verdict === 'notTried') why.add(outcome.why);
      else {
        played += 1;
        if (scenario.sees !== undefined) sees.add(scenario.sees);
      }
      if (outcome.verdict !== 'broken') continue;
      broken = { demand: outcome.demand, trace: outcome.trace };
      break;
    }
    const verdict = broken !== null ? 'broken' : played === 0 ? 'notTried' : 'held';
    const where = { page: `${PAGE}#${clause.anchor}`, words: clause.words };
    return {
      rule: id,
      title,
      verdict,
      played,
      of: scenarios.length,
      why: [...why],
      sees: [...sees],
      clause: where,
      broken,
    };
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
    const nameOf = (relocation: Relocation | 'back'): string => `${RELOCATIONS}${own}${relocation}`;
    const play = new Play(this.#stage, scenario, `${USERS}${own}`, nameOf);
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
