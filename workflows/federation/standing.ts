import { setCurrentDetails } from '@temporalio/workflow';
import type { Tended, Told } from '../../activities/federation/tend-partner.ts';
import { failures } from '../../domain/failures.ts';
import type { FederationStanding } from '../messages.ts';
import type { Reason } from '../kit/failure.ts';

/** Where a federation stands: for the query, and for whoever opens the run in the Temporal UI. Costs no event. */
export class Standing {
  readonly #partner: string;
  #told: FederationStanding;

  constructor(partner: string) {
    this.#partner = partner;
    this.#told = { doing: 'looking', since: now(), uses: null, serves: null, failure: null };
    this.#show();
  }

  get told(): FederationStanding {
    return this.#told;
  }

  doing(doing: FederationStanding['doing']): void {
    this.#told = { ...this.#told, doing, since: now() };
    this.#show();
  }

  tended({ uses, serves }: Tended): void {
    this.#told = { ...this.#told, uses, serves, failure: null };
    this.#show();
  }

  /** Since the last look. */
  joined(): void {
    const { uses } = this.#told;
    if (uses === null) return;
    this.#told = { ...this.#told, uses: { ...uses, theirs: 'open', joined: true, silentSince: null, problem: null } };
  }

  failed(failure: Reason): void {
    this.#told = { ...this.#told, failure };
    this.#show();
  }

  #show(): void {
    const { doing, since, uses, serves, failure } = this.#told;
    setCurrentDetails(
      [
        `Federation with **${this.#partner}**: ${doing}, since ${since}.`,
        '',
        ...(uses === null ? [] : [`- We use what they serve: ${sentence(uses)}`]),
        ...(serves === null ? [] : [`- They use what we serve: ${sentence(serves)}`]),
        ...(failure === null
          ? []
          : [
              '',
              `**${failure.type}**: ${failure.message}. ${failures[failure.type].remedy} The next round tries again.`,
            ]),
        '',
        '\u00a0', // the UI cuts the last line off
      ].join('\n'),
    );
  }
}

const now = (): string => new Date().toISOString();

const sentence = ({ ours, theirs, joined, silentSince, problem }: Told): string =>
  [
    `our will ${ours}, theirs ${theirs ?? 'not known'}`,
    joined ? 'joined' : 'not joined',
    ...(silentSince === null ? [] : [`silent since ${silentSince}`]),
    ...(problem === null ? [] : [problem]),
  ].join('; ');
