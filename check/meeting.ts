import { calls } from '../adapters/application/calls.ts';
import { type ApplicationState, serves } from '../domain/application.ts';
import { pino } from 'pino';
import { type Answered, Instance, type Proof } from './instance.ts';
import type { Who } from './moves.ts';
import type { Stage } from './stage.ts';

/** Whom to meet, and how. */
export interface Asked extends Pick<Stage, 'write' | 'restart'> {
  /** Of the management endpoints, one or two. */
  readonly urls: readonly URL[];
  readonly proof: Proof;
  /** Although it serves users. */
  readonly anyway: boolean;
  /** So long whatever has to come about may take. */
  readonly patienceMs?: number;
}

export interface Met {
  readonly stage: Stage;
  readonly instances: readonly { readonly as: Who; readonly url: string; readonly instance: string }[];
}

/** There is nothing to be checked. `unreachable`: nobody answers there, or not us. */
export class Unfit extends Error {
  readonly unreachable: boolean;

  constructor(message: string, unreachable: boolean) {
    super(message);
    this.unreachable = unreachable;
  }
}

/** How users and relocations of the checker's own begin. */
export const [USERS, RELOCATIONS] = ['ferry-check-', 'ferrycheck'];
const PATIENCE_MS = 5_000;

/** Who is the authority, and who stands by. Throws Unfit. */
export async function meet({ urls, proof, anyway, write, restart, patienceMs = PATIENCE_MS }: Asked): Promise<Met> {
  const met = await Promise.all(
    urls.map(async (url) => {
      const instance = new Instance(url.host, url, proof, pino({ enabled: false }));
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
    throw new Unfit(
      `no instance is the authority of whoever is not listed (${rolesOf(met)}): have one begin as the first, as its provider does (templates: POST /provider/found with {} on its management port)`,
      false,
    );
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

const rolesOf = (met: readonly { readonly url: URL; readonly state: ApplicationState }[]): string =>
  met.map(({ url, state }) => `${url.host}: ${state.role}`).join(', ');

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
  const own = state.users.filter(({ user }) => !user.startsWith(USERS) && serves(state, user));
  if (own.length > 0) return `serves ${own.length} users`;
  if (state.clients > 0)
    return `was asked by ${state.clients} clients within the last minute, an earlier check's writes included`;
  if (state.promisedTo !== null && !state.promisedTo.startsWith(RELOCATIONS))
    return 'has promised its users to a relocation';
  return null;
}
