import { patched, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { FollowerRequest } from '../../domain/follower-request.ts';
import { after, beginning, dueAt, type Followed, heard, type Sighting } from '../../domain/following.ts';
import type { NeedsPerson } from '../../domain/waits.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import type { FollowerStanding } from '../messages.ts';

/** Where a follower stands, as the Temporal UI, the API and its next run are told. */
export class Follower {
  readonly #request: FollowerRequest;
  #standing: FollowerStanding;

  constructor(request: FollowerRequest, earlier: FollowerStanding | undefined) {
    this.#request = request;
    this.#standing = earlier ?? {
      following: beginning(Date.now()),
      site: null,
      relocation: null,
      trouble: null,
      doing: 'waiting',
      dueAt: null,
    };
    this.#is({});
  }

  get standing(): FollowerStanding {
    return this.#standing;
  }

  get dueAt(): number | null {
    return dueAt(this.#standing.following, this.#request);
  }

  hears(sighting: Sighting): void {
    this.#is({ following: heard(this.#standing.following, sighting, Date.now()) });
  }

  /** Whoever was asked where the device is has answered; else why not. */
  asked(answer: Sighting | { readonly unanswered: string }): void {
    if ('unanswered' in answer) return this.#is(answer);
    this.hears(answer);
    this.#is({ unanswered: null });
  }

  does(doing: FollowerStanding['doing']): void {
    this.#is({ doing });
  }

  /** A look that began then is over. */
  followed(outcome: Followed, begunAt: number): void {
    const following = after(this.#standing.following, outcome, this.#request, { begunAt, now: Date.now() });
    const doing = this.#standing.doing === 'ending' ? 'ending' : 'waiting';
    this.#is({ following, doing, ...toldBy(outcome) });
  }

  #is(change: Partial<FollowerStanding>): void {
    const troubled = this.#standing.trouble !== null;
    this.#standing = { ...this.#standing, ...change };
    const isTroubled = this.#standing.trouble !== null;
    if (isTroubled !== troubled && patched('who-is-troubled-is-indexed'))
      upsertSearchAttributes([
        { key: searchAttributes.outcome, value: isTroubled ? ('troubled' satisfies NeedsPerson) : null },
      ]);
    const due = this.dueAt;
    const told =
      due === null
        ? { dueAt: null, trouble: null } // what stood in the way of a look does not, once there is no reason for one
        : { dueAt: new Date(due).toISOString() };
    this.#standing = { ...this.#standing, ...told };
    setCurrentDetails(details(this.#standing));
  }
}

function toldBy(outcome: Followed): Partial<FollowerStanding> {
  return { ...saidBy(outcome), ...(outcome.anchor !== undefined && { anchor: outcome.anchor }) };
}

function saidBy(outcome: Followed): Partial<FollowerStanding> {
  if (outcome.did === 'elsewhere') return {};
  const told = outcome.did === 'serves' ? { site: outcome.site, trouble: null } : { trouble: outcome.why };
  return { ...told, ...(outcome.relocation !== null && { relocation: outcome.relocation }) };
}

function details(standing: FollowerStanding): string {
  const { following, site, relocation, anchor = null, trouble, unanswered = null, doing, dueAt: due } = standing;
  const { network, since, moves } = following;
  const where = network === null ? 'Nobody sees the device' : `The device is in **${network}**`;
  return [
    doing === 'ending' ? '**Ends**: nothing follows any more.' : `${where}, since ${new Date(since).toISOString()}.`,
    '',
    ...(site === null ? [] : [`- Its user was served at **${site}** when that was looked at last`]),
    ...(doing === 'following' ? ['- **Follows** it now'] : due === null ? [] : [`- Follows it at ${due}`]),
    `- Moves: ${moves}${relocation === null ? '' : `, the last one ${relocation}`}`,
    ...(anchor === null ? [] : [`- Its device is led there, by the anchor ${anchor}`]),
    ...(trouble === null ? [] : [`- ${trouble}`]),
    ...(unanswered === null ? [] : [`- Where it is could not be asked: ${unanswered}`]),
  ].join('\n');
}
