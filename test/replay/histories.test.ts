import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { workflowBundle } from '../support/workflow-bundle.ts';

/** What was recorded has to be replayed by the workflows of today; what they would do otherwise has to be noticed. */
const folder = fileURLToPath(new URL('histories/', import.meta.url));
// A difference that is looked for is no line of the log
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: 'ERROR' } },
  shutdownSignals: [],
});
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

const historyOf = (file: string): unknown => JSON.parse(readFileSync(`${folder}${file}`, 'utf8'));

const startOf = (history: unknown): { readonly workflowId: string; readonly originalExecutionRunId: string } =>
  (history as { events: { workflowExecutionStartedEventAttributes: ReturnType<typeof startOf> }[] }).events[0]
    ?.workflowExecutionStartedEventAttributes as ReturnType<typeof startOf>;

const replay = async (file: string, code: string): Promise<void> =>
  await Worker.runReplayHistory({ workflowBundle: { code } }, historyOf(file));

describe('a recorded history', () => {
  it('is there for each way in which a relocation can go', () => {
    const scenarios = new Set(files.map((file) => file.split('.')[1]));
    const refusals = [
      'NotServing',
      'ServiceMissing',
      'NotSteerable',
      'MobilityNotAllowed',
      'InterruptionTooLong',
      'TargetRefused',
      'DeadlinePassed',
    ];
    const steps = ['Check', 'Package', 'Instance', 'CopyAhead', 'SwitchPath'];
    for (const scenario of [
      ...refusals.map((type) => `refused${type}`),
      ...steps.map((step) => `rolledBackIn${step}`),
      'relocated',
      'undoFailed',
      'givenUpOnTheWayBack',
      'sourceLost',
      'recoveredWhileHeld',
      'recoveredStandby',
      'recoveredAsAsked',
      'recoveredLedAway',
      'recoveredNone',
      'deadlineInAStep',
      'keptBySource',
      'answerLost',
      'cancelledWhileHeld',
      'cancelledTooLate',
      'approved',
      'paused',
      'abandoned',
    ])
      expect(scenarios).toContain(scenario);
  });

  it('is there for each way in which a federation can go', () => {
    const scenarios = new Set(
      files.filter((file) => file.startsWith('join-federation.')).map((file) => file.split('.')[1]),
    );
    for (const scenario of ['joined', 'refused', 'silent', 'suspended', 'leftAndJoinedAgain', 'goneThere', 'over'])
      expect(scenarios).toContain(scenario);
  });

  it('is there for each way in which a question can go', () => {
    for (const scenario of [
      'discover-platform.asked',
      'discover-platform.inPart',
      'discover-platform.joinedOnMiss',
      'discover-platform.knownByThen',
      'discover-system.asked',
      'answer-partner.asked',
    ])
      expect(files.some((file) => file.startsWith(`${scenario}.`))).toBe(true);
  });

  it('is there for each way in which an evacuation can go', () => {
    for (const scenario of ['evacuated', 'inPart', 'steered', 'cancelled'])
      expect(files.some((file) => file.startsWith(`evacuate-host.${scenario}.`))).toBe(true);
  });

  it('is there for each way in which an anchor can go', () => {
    for (const scenario of ['released', 'byTheNetwork', 'refused', 'rolledBack', 'moved', 'abandoned', 'goesOnAnew'])
      expect(files.some((file) => file.startsWith(`anchor-application.${scenario}.`))).toBe(true);
    expect(files.some((file) => file.startsWith('mark-anchored.over.'))).toBe(true);
  });

  it('is there for each way in which a follower can go', () => {
    for (const scenario of ['moved', 'led', 'troubled', 'goesOnAnew'])
      expect(files.some((file) => file.startsWith(`follow-device.${scenario}.`))).toBe(true);
  });

  it('is there for each way in which a consumption can go', () => {
    for (const scenario of [
      'consume-service-federated.open',
      'consume-service-federated.known',
      'consume-service-federated.nothingFound',
      'consume-service-federated.refusedThenNext',
      'consume-service-federated.rolledBack',
      'consume-service-federated.undoFailed',
      'consume-service-federated.cancelled',
      'release-service.released',
      'release-service.undoFailed',
      'admit-consumer.admitted',
      'admit-consumer.refused',
    ])
      expect(files.some((file) => file.startsWith(`${scenario}.`))).toBe(true);
  });

  /** By one worker, whose start takes longer than most of them. */
  const replayed = new Map<string, Error | undefined>();
  beforeAll(async () => {
    // Its own id, by which a run names what it starts; one by one these come back by the run's
    const fileOf = new Map<string, string>();
    const histories = files.map((file) => {
      const history = historyOf(file);
      const { workflowId, originalExecutionRunId } = startOf(history);
      fileOf.set(originalExecutionRunId, file);
      return { workflowId, history };
    });
    for await (const { runId, error } of Worker.runReplayHistories({ workflowBundle }, histories))
      replayed.set(fileOf.get(runId) ?? runId, error);
  }, 120_000);

  it.each(files)('%s is replayed without a difference', (file) => {
    expect([...replayed.keys()]).toContain(file);
    expect(replayed.get(file)).toBeUndefined();
  });
});

const MAP = '//# sourceMappingURL=data:';
const withoutMap = btoa(JSON.stringify({ version: 3, file: 'changed.js', sources: [], mappings: '' }));
/** A third of the bundle is its map, which each worker reads: nobody looks for a line of what is changed here. */
const unmapped = `${workflowBundle.code.slice(0, workflowBundle.code.lastIndexOf(MAP))}${MAP}application/json;base64,${withoutMap}`;

/** The workflow as it would be after a careless change. */
function changed(from: RegExp, to: string): string {
  const code = unmapped.replace(from, to);
  expect(code, `the change ${String(from)} was not made`).not.toBe(unmapped);
  return code;
}

const relocated = files.filter((file) => file.includes('.relocated.')).at(-1) ?? '';

const notice = /await procedure\.forward\('notify',[^;]*;/;
const drain = /await procedure\.forward\('drain', \(\)=>[^;]*?sleep\)[^;]*;/;

const federated = files.filter((file) => file.includes('join-federation.leftAndJoinedAgain.')).at(-1) ?? '';
const zones = /await [\w.]*joining\.acceptZones\([^;]*;/;

const asked = files.filter((file) => file.includes('discover-platform.joinedOnMiss.')).at(-1) ?? '';
const formed = /await formFederations\(\{\s*partners: joinable\s*\}\);/;

const newest = (scenario: string): string => files.filter((file) => file.startsWith(`${scenario}.`)).at(-1) ?? '';
const announce = /await consumption\.during\('announce',[^;]*;/;
const confirm = /await consumption\.during\('confirm',[^;]*;/;

describe('a changed workflow fails the replay', () => {
  it.each([
    ['a path that is not looked at', 'consume-service-federated.open', confirm, ''],
    [
      'a path that is looked at before it is announced',
      'consume-service-federated.open',
      new RegExp(`(${announce.source})([^]*?)(${confirm.source})`),
      '$3$2$1',
    ],
    [
      'undone in the order in which it was done',
      'consume-service-federated.rolledBack',
      /undos\.toReversed\(\)/,
      'undos',
    ],
    ['a partner let through unseen', 'admit-consumer.admitted', /await there\.openBinding\([^;]*;/, ''],
    ['a refused admission not told', 'admit-consumer.refused', /await undo\.retractDecision\(over\);/, ''],
    [
      'released without the partner',
      'release-service.released',
      /'withdrawService',\s*'withdrawDecision',/,
      "'withdrawService',",
    ],
  ])('of a consumption: %s', async (_, scenario, from, to) => {
    await expect(replay(newest(scenario), changed(from, to))).rejects.toThrow(/nondeterminism/i);
  });

  it.each([
    ['its services hidden before it leads there no more', 'moved', /\.toReversed\(\)(?=\s*\.find)/, ''],
    ['a source that it does not follow', 'moved', /= await follow\(\)/, '= order'],
    ['a holder that is left where an earlier run had made it', 'goesOnAnew', /procedure\.broughtAbout\(undos\);/, ';'],
  ])('of an anchor: %s', async (_, scenario, from, to) => {
    await expect(replay(newest(`anchor-application.${scenario}`), changed(from, to))).rejects.toThrow(
      /nondeterminism/i,
    );
  });

  it.each([
    ['a subscription that is left', 'troubled', /await hushForDevice\(listener\);/, ';'],
    ['a device that is gone after at once', 'moved', /if \(wait > 0\)/, 'if (false)'],
    [
      'a service that is not asked',
      'led',
      /await listenForDevice\(/,
      'await (async()=>({network:null,happenedAt:null}))(',
    ],
  ])('of a follower: %s', async (_, scenario, from, to) => {
    await expect(replay(newest(`follow-device.${scenario}`), changed(from, to))).rejects.toThrow(/nondeterminism/i);
  });

  it.each([
    ['another activity', /\)\.evacuateHost;/, ').checkRelocation;'],
    ['no word of what the operator wants', /\(0,[^;]*upsertMemo\)\([^;]*\bwish\b[^;]*;/, ''],
  ])('of an evacuation: %s', async (_, from, to) => {
    await expect(replay(newest('evacuate-host.steered'), changed(from, to))).rejects.toThrow(/nondeterminism/i);
  });

  it.each([
    ['another activity', /await askPartners\(/, 'await lookInCatalogue('],
    ['a step left out', formed, ''],
    ['a step done twice', formed, '$&$&'],
  ])('of a question: %s', async (_, from, to) => {
    await expect(replay(asked, changed(from, to))).rejects.toThrow(/nondeterminism/i);
  });

  it.each([
    ['another activity', /joining\.acceptZones\(/, 'joining.exchangeSystems('],
    ['a step left out', zones, ''],
    ['a step done twice', zones, '$&$&'],
    ['no wait', /await \(0,[^;]*condition\)\(\(\)=>poked[^;]*;/, ''],
  ])('of a federation: %s', async (_, from, to) => {
    await expect(replay(federated, changed(from, to))).rejects.toThrow(/nondeterminism/i);
  });

  it.each([
    ['another activity', /activity\('notifyEndpoint'/, "activity('confirmQuiet'"],
    ['a step left out', notice, ''],
    ['a step done twice', notice, '$&$&'],
    ['the drain before the notice', new RegExp(`(${notice.source})([^]*?)(${drain.source})`), '$3$2$1'],
    ['no drain', drain, ''],
  ])('%s', async (_, from, to) => {
    await expect(replay(relocated, changed(from, to))).rejects.toThrow(/nondeterminism/i);
  });
});
