import type { ServerResponse } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { atOnce } from '../../domain/at-once.ts';
import { type MecService, mecServices } from '../../protocols/mec-services/service.ts';
import { busy } from '../support/busy.ts';
import { hostileForms } from '../support/hostile-forms.ts';
import { PlayedSource } from '../support/played-source.ts';
import { PlayedTarget } from '../support/played-target.ts';
import { type Begun, type Played, ThereAndBack } from '../support/there-and-back.ts';

/**
 * What a peer may answer instead of an answer, from some step on and ever after, also on the way back. However it does:
 * what is not undone is known to be left, and is undone once the peer is well again.
 */
type Questions = Readonly<Record<string, readonly [Begun, RegExp]>>;

/** What is asked at the target, and the step from which on it is answered in its form. */
const atTarget: Questions = {
  'the list of instances': ['instantiateTarget', /^GET .*\/app_instances$/],
  'the instance': ['instantiateTarget', /^GET .*\/app_instances\/[^/]+$/],
  'the list of operations': ['instantiateTarget', /^GET .*\/app_lcm_op_occs$/],
  'the operation': ['instantiateTarget', /^GET .*\/app_lcm_op_occs\/[^/]+$/],
  'the list of instances, later': ['copyAhead', /^GET .*\/app_instances$/],
  'the list of rules': ['copyAhead', /^GET .*\/(dns|traffic)_rules$/],
  'a rule': ['switchPath', /^GET .*\/(dns|traffic)_rules\/[^/]+$/],
  'the list of subscriptions': ['copyAhead', /^GET .*\/subscriptions$/],
  'a subscription': ['copyAhead', /^GET .*\/subscriptions\/[^/]+$/],
};

const LIST = /^GET .*\/app_instances$/;
const INSTANCES = /^GET .*\/app_instances/;
const RULES = /^GET .*\/(dns|traffic)_rules$/;
const SUBSCRIPTIONS = /^GET .*\/subscriptions$/;
const SUBSCRIPTION = /^GET .*\/subscriptions\/[^/]+$/;
const STATE = /^GET .*\/relocation\/v1\/state$/;
const APPLICATION = /\/relocation\/v1\//;

const atSource: Questions = {
  'the list of instances': ['checkRelocation', LIST],
  'the list of instances, once it is promised': ['instantiateTarget', LIST],
  'the list of instances, and each instance': ['copyAhead', INSTANCES],
  'the list of instances, as the path is turned': ['switchPath', LIST],
  'registrations of mobility': ['checkRelocation', /^GET .*\/app_mobility_services$/],
  'the list of rules': ['checkRelocation', RULES],
  'the list of rules, later': ['copyAhead', RULES],
  'a rule': ['switchPath', /^GET .*\/(dns|traffic)_rules\/[^/]+$/],
  'the list of subscriptions': ['checkRelocation', SUBSCRIPTIONS],
  'the list of subscriptions, later': ['copyAhead', SUBSCRIPTIONS],
  'a subscription': ['checkRelocation', /^GET .*\/subscriptions\/[^/]+$/],
  'its application for its state': ['checkRelocation', STATE],
  'its application for its state, once it has promised': ['instantiateTarget', STATE],
  'its application for its promise': ['checkRelocation', /^POST .*\/promise$/],
  'its application for its promise, again': ['copyAhead', /^POST .*\/promise$/],
  'its application for anything': ['switchPath', APPLICATION],
};

const ahead: Questions = {
  'the list of instances': ['handOver', LIST],
  'the list of instances, and each instance': ['handOver', INSTANCES],
  'its application for the hand-over': ['handOver', /^POST .*\/handOver$/],
  'its application for anything': ['handOver', APPLICATION],
  'the list of instances, later': ['notifyEndpoint', INSTANCES],
  'the list of subscriptions': ['notifyEndpoint', SUBSCRIPTIONS],
  'a subscription': ['notifyEndpoint', SUBSCRIPTION],
  'the list of instances, in the drain': ['confirmQuiet', INSTANCES],
  'its application for its state': ['confirmQuiet', STATE],
  'the list of instances, at last': ['retireSource', LIST],
  'the list of subscriptions, at last': ['retireSource', SUBSCRIPTIONS],
  'a subscription, at last': ['retireSource', SUBSCRIPTION],
  'the instance': ['retireSource', /^GET .*\/app_instances\/[^/]+$/],
  'the list of operations': ['retireSource', /^GET .*\/app_lcm_op_occs$/],
  'the operation': ['retireSource', /^GET .*\/app_lcm_op_occs\/[^/]+$/],
  'its application for anything, at last': ['retireSource', APPLICATION],
};

/** Rows are played side by side, and wait more than they compute; with too many at once true answers come late. */
const FORMS_AT_ONCE = 2;

type Form = (res: ServerResponse) => void;
type World = PlayedSource | PlayedTarget;
/** A run in this world, which stands where the step begins. */
type Begin = () => Promise<ThereAndBack>;

/** What is wrong; undefined: nothing. */
async function thereAndBack(
  world: World,
  begin: Begin,
  step: Begun,
  call: RegExp,
  form: Form,
): Promise<string | undefined> {
  const before = world.left();
  const different = (): string | undefined =>
    isDeepStrictEqual(world.left(), before) ? undefined : JSON.stringify(world.left()).slice(0, 400);
  const run = await begin();
  await run
    .there((begun) => {
      if (begun === step) world.broken = { call, form };
    })
    .catch(expected);
  const left = await run.back();
  if (world.asked === 0) return 'it was never asked';
  const now = different();
  if (left.length === 0 && now !== undefined) return `it is said to be undone, and is ${now}`;
  world.broken = null;
  for (let again = 0; again < 3 && (await run.back()).length > 0; ) again += 1;
  const last = await run.back();
  const then = different();
  if (last.length > 0) return `the peer is well again, and still to be undone is ${last.join()}: ${run.reasons.at(-1)}`;
  return then === undefined ? undefined : `the peer is well again, and left is ${then}`;
}

/** The same, over the hand-over: what fails there is tried again; users whom the source keeps, it serves as before. */
async function over(
  world: PlayedSource,
  begin: Begin,
  step: Begun,
  call: RegExp,
  form: Form,
): Promise<string | undefined> {
  const before = world.left();
  const run = await begin();
  await run.there(() => undefined);
  let stands = await run.ahead((begun) => {
    if (begun === step) world.broken = { call, form };
  });
  if (stands === 'handOver') stands = await run.ahead();
  if (world.asked === 0) return 'it was never asked';
  if (stands === 'lost') return 'a source that runs is taken for lost';
  const wrong = stands === 'kept' ? undefined : world.wrongly(stands);
  if (wrong !== undefined) return `at ${stands ?? 'its end'} ${wrong} (${run.reasons.at(-1)})`;
  world.broken = null;
  for (let again = 0; again < 3 && stands !== null && stands !== 'kept'; again += 1) stands = await run.ahead();
  if (stands === 'kept') {
    for (let again = 0; again < 3 && (await run.back()).length > 0; ) again += 1;
    return isDeepStrictEqual(world.left(), before) ? undefined : `kept, and left is ${JSON.stringify(world.left())}`;
  }
  if (stands !== null) return `the peer is well again, and it stands at ${stands}: ${run.reasons.at(-1)}`;
  const then = world.wrongly(null);
  return then === undefined ? undefined : `the peer is well again, and at its end ${then}`;
}

function expected(error: unknown): void {
  if (!(error instanceof ApplicationFailure)) throw error;
}

interface Again<W> {
  readonly played: Played;
  become(other: W, remembering: boolean): Promise<void>;
  anew(): W;
  close(): Promise<void>;
}

/**
 * Up to the step all forms go the same way, with true answers: it is gone once, and each begins in a world that is like it. Where
 * all went well the next one asks the same servers.
 */
async function everyForm<W extends Again<W>>(
  open: () => Promise<W>,
  [step, call]: Questions[string],
  play: (world: W, begin: Begin, form: Form) => Promise<string | undefined>,
): Promise<Record<string, string>> {
  const wrong: Record<string, string> = {};
  const opened: W[] = [];
  const well: W[] = [];
  const another = async (): Promise<W> => {
    const world = await open();
    opened.push(world);
    return world;
  };
  try {
    const reached = await another();
    const answers = await new ThereAndBack(reached.played).before(step);
    await atOnce(FORMS_AT_ONCE, Object.entries(hostileForms), async ([name, form]) => {
      const world = well.pop()?.anew() ?? (await another());
      const begin = async (): Promise<ThereAndBack> => {
        await world.become(reached, /subscriptions/.test(call.source));
        return new ThereAndBack(world.played, answers);
      };
      const what = await play(world, begin, form);
      if (what === undefined) well.push(world);
      else wrong[name] = what;
    });
  } finally {
    await Promise.all(opened.map(async (world) => await world.close()));
  }
  return wrong;
}

const limit = { timeout: 120_000 * busy() };
/** Each that is not there costs a call at every look: besides the one that is, those which the question is asked of. */
const soughtBy = (call: RegExp): readonly MecService[] =>
  mecServices.filter(({ name, bases, collections }) => {
    const paths = bases.flatMap((base) => Object.keys(collections).map((collection) => `${base}${collection}`));
    return name === 'rni' || paths.some((path) => call.test(`GET ${path}`));
  });
const target = async (call: RegExp): Promise<PlayedTarget> => await PlayedTarget.open(undefined, soughtBy(call));
const source = async (call: RegExp): Promise<PlayedSource> => await PlayedSource.open(undefined, soughtBy(call));

describe.concurrent('whatever a peer answers, and goes on answering on the way back, what is left is known and undone in the end', () => {
  it.each(Object.entries(atTarget))('the target, asked for %s', limit, async (_, [step, call]) => {
    expect(
      await everyForm(
        async () => await target(call),
        [step, call],
        async (world, begin, form) => await thereAndBack(world, begin, step, call, form),
      ),
    ).toEqual({});
  });

  it.each(Object.entries(atSource))('the source, asked for %s', limit, async (_, [step, call]) => {
    expect(
      await everyForm(
        async () => await source(call),
        [step, call],
        async (world, begin, form) => await thereAndBack(world, begin, step, call, form),
      ),
    ).toEqual({});
  });
});

describe.concurrent('whatever the source answers after the path was turned, nobody is left without service, and it ends as it should', () => {
  it.each(Object.entries(ahead))('asked for %s', limit, async (_, [step, call]) => {
    expect(
      await everyForm(
        async () => await source(call),
        [step, call],
        async (world, begin, form) => await over(world, begin, step, call, form),
      ),
    ).toEqual({});
  });
});
