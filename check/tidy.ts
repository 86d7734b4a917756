import { setTimeout as pause } from 'node:timers/promises';
import { calls } from '../adapters/application/calls.ts';
import { type ApplicationState, highestEpoch, serves } from '../domain/application.ts';
import type { Instance } from './instance.ts';
import type { Relocation, Who } from './moves.ts';
import type { Stage } from './stage.ts';

/** What a scenario leaves behind. */
export interface Remains {
  readonly user: string;
  /** By whom its relocations were given away. */
  readonly relocations: ReadonlyMap<Relocation, Who>;
  /** A user whom nobody serves now nobody will serve later. */
  readonly atRest: boolean;
  readonly nameOf: (relocation: Relocation | 'back') => string;
}

const POLL_MS = 25;

/**
 * Everything back, as far as the contract has calls for it: the user is S's again, nothing is promised, nothing expected, no
 * context of his is at T. Null, or what could not be put back.
 */
export async function tidy(stage: Stage, { user, relocations, atRest, nameOf }: Remains): Promise<string | null> {
  const { S, T } = stage;
  const settled = async (at: Instance, relocation: string, retired = false): Promise<void> =>
    void (await at.ask(calls.settle({ relocation, users: user, retired })));
  const holder = await authority(stage, user, atRest ? 0 : stage.patienceMs);
  if (holder === T && T !== null) {
    const relocation = nameOf('back');
    await comeBack(S, T, user, relocation);
    await settled(T, relocation, true);
    await settled(S, relocation);
  } else if (holder === null) await takeUp(S, user, nameOf('back'));
  for (const [relocation, source] of relocations)
    for (const at of source === 'S' ? [S, T] : [T, S]) if (at !== null) await settled(at, nameOf(relocation));
  const [atS, atT] = [await isServed(S, user), T !== null && (await isServed(T, user))];
  if (atS && !atT) return null;
  return `${user} is served by ${atS ? 'S and T' : atT ? 'T' : 'nobody'}`;
}

/** Whoever serves him, when things have come to rest. */
async function authority({ S, T }: Stage, user: string, patienceMs: number): Promise<Instance | null> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    if (await isServed(S, user)) return S;
    if (T === null) return null;
    if (await isServed(T, user)) return T;
    if (Date.now() >= deadline) return null;
    await pause(POLL_MS);
  }
}

async function isServed(at: Instance, user: string): Promise<boolean> {
  const { status, body } = await at.ask(calls.state(user));
  return status === 200 && serves(body as ApplicationState, user);
}

async function comeBack(S: Instance, T: Instance, user: string, relocation: string): Promise<void> {
  const { status, body } = await T.ask(calls.state(user));
  const epoch = status === 200 ? highestEpoch(body as ApplicationState) : 0;
  await S.ask(calls.introduce({ relocation, users: user, source: T.endpoint, epoch }));
  await T.ask(calls.promise({ relocation, users: user, target: S.endpoint }));
  await T.ask(calls.handOver({ relocation, target: S.endpoint }));
  for (let tries = 0; tries < 40 && !(await isServed(S, user)); tries += 1) await pause(POLL_MS);
}

/** Of an instance that was started again nobody is left: S takes his place, where it knows that call. */
async function takeUp(S: Instance, user: string, relocation: string): Promise<void> {
  const { status, body } = await S.ask(calls.state(user));
  const epoch = status === 200 ? highestEpoch(body as ApplicationState) + 1 : 1;
  await S.ask(calls.supersede({ relocation, users: user, epoch, to: null, spared: false, elsewhere: [] }));
}
