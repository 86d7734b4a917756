import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Application } from '../../activities/ports.ts';
import { mec010Packages } from '../../adapters/mec010-2/packages.ts';
import { counter } from '../support/counter.ts';
import { faultyServer, type FaultyServer, type Heard, type Reply } from '../support/faulty-server.ts';
import { quickWait } from '../support/wait.ts';

const key = 'fabcdefghijklmnopqrstuvwxy';
const soon = (): AbortSignal => AbortSignal.timeout(5_000);
const created = 'POST /app_pkgm/v1/app_packages';
const archive = Buffer.from('a package');
const checksum = createHash('sha256').update(archive).digest('hex');
const folder = mkdtempSync(join(tmpdir(), 'ferry-'));
const path = join(folder, 'counter.zip');
writeFileSync(path, archive);
const application: Application = { ...counter, checksum, archive: { ...counter.archive, path } };

const base64 = (form: 'base64' | 'base64url', algorithm = 'sha256'): string =>
  createHash(algorithm).update(archive).digest(form);
const hashed = (algorithm: string): string => createHash(algorithm).update(archive).digest('hex');

interface Held extends Record<string, unknown> {
  readonly id: string;
}
const held = (id: string, changes: object = {}): Held => ({
  id,
  appDId: application.appDId,
  appName: 'counter',
  appSoftwareVersion: application.softVersion,
  appDVersion: application.descriptorVersion,
  checksum: { algorithm: 'SHA-256', hash: checksum.toUpperCase() },
  softwareImages: [],
  onboardingState: 'ONBOARDED',
  operationalState: 'ENABLED',
  usageState: 'NOT_IN_USE',
  ...changes,
});

/** What becomes of a package at each look after its bytes have come. */
const onBoarding = [
  { onboardingState: 'UPLOADING' },
  { onboardingState: 'PROCESSING', appDId: application.appDId },
  { onboardingState: 'ONBOARDED', operationalState: 'DISABLED' },
];

let peer: FaultyServer;
let packages: Held[];
let stages: object[];
let uploaded: string[];
let storing: Reply;
let filters: boolean;
/** Headers of the answer to a creation. */
let creation: (id: string) => Record<string, string>;
/** Answers in its place. */
let instead: (heard: Heard) => Reply | undefined;
/** The longest list, in bytes. */
let answered: number;

beforeEach(async () => {
  packages = [];
  stages = [...onBoarding];
  uploaded = [];
  storing = { status: 202 };
  filters = false;
  creation = () => ({});
  instead = () => undefined;
  answered = 0;
  peer = await faultyServer(serve);
});
afterEach(async () => await peer.close());
afterAll(() => rmSync(folder, { recursive: true }));

const mec010 = (content: 'put' | 'fetch' = 'put') =>
  mec010Packages(peer.exchange, { collection: 'app_packages', content });

function serve(heard: Heard): Reply {
  const { method, path: asked, query, bytes, json } = heard;
  const other = instead(heard);
  if (other !== undefined) return other;
  const id = asked.split('/')[4];
  if (id === undefined && method === 'GET') {
    const [, attribute, value] = /^\(eq,([\w/]+),(.*)\)$/.exec(query.get('filter') ?? '') ?? [];
    const at = (each: Held): unknown =>
      attribute?.split('/').reduce<unknown>((in_, name) => (in_ as Held)?.[name], each);
    const found = filters ? packages.filter((each) => at(each) === value) : packages;
    const text = JSON.stringify(
      found.map((each) => (each?.id === undefined ? each : { ...each, checksum: undefined })),
    );
    answered = Math.max(answered, text.length);
    return { status: 200, text };
  }
  if (id === undefined) {
    // Until it has the bytes, the peer knows no descriptor id
    const info = held(`p${packages.length + 1}`, {
      onboardingState: 'CREATED',
      operationalState: 'DISABLED',
      appDId: '',
    });
    packages.push({ ...info, userDefinedData: json['userDefinedData'] });
    return { status: 201, json: packages.at(-1), headers: creation(packages.at(-1)?.id ?? '') };
  }
  const at = packages.findIndex((each) => each?.id === id);
  const info = packages[at];
  if (info === undefined) return { status: 404 };
  if (method === 'PUT') {
    if (storing.status < 300) uploaded.push(createHash('sha256').update(bytes).digest('hex'));
    return storing;
  }
  if (method === 'DELETE') packages.splice(at, 1);
  else if (method === 'PATCH') packages[at] = { ...info, ...json };
  else if (uploaded.length > 0) packages[at] = { ...info, ...stages.shift() };
  return { status: 200, json: packages[at] };
}

describe('looking for a package', () => {
  it.each([
    ['usable', [held('p1')]],
    ['absent', []],
    ['absent', [held('p1', { appDId: 'other' })]],
    ['absent', [held('p1', { onboardingState: 'CREATED', onboardingFailureDetails: { detail: 'bad manifest' } })]],
    ['unusable', [held('p1', { operationalState: 'DISABLED' })]],
    ['unusable', [held('p1', { onboardingState: 'PROCESSING' })]],
    ['mismatch', [held('p1', { checksum: { algorithm: 'SHA-256', hash: 'cd'.repeat(32) } })]],
    ['mismatch', [held('p1', { checksum: { algorithm: 'SHA-512', hash: checksum } })]],
    ['usable', [held('p1', { checksum: { algorithm: 'SHA-512', hash: hashed('sha512') } })]],
    ['usable', [held('p1', { checksum: { algorithm: 'sha_384', hash: ` ${hashed('sha384').toUpperCase()}` } })]],
    ['usable', [held('p1', { checksum: { algorithm: 'SHA3-256', hash: hashed('sha3-256') } })]],
    ['mismatch', [held('p1', { checksum: { algorithm: 'SHA3-256', hash: hashed('sha512') } })]],
    ['usable', [held('p1', { checksum: { algorithm: 'SHA-256', hash: `sha256:${checksum}` } })]],
    ['usable', [held('p1', { checksum: { algorithm: 'SHA-256', hash: `SHA-256=${checksum}` } })]],
    ['usable', [held('p1', { checksum: { algorithm: 'SHA-256', hash: base64('base64') } })]],
    ['usable', [held('p1', { checksum: { algorithm: 'SHA-256', hash: base64('base64url') } })]],
    ['usable', [held('p1', { checksum: { algorithm: 'SHA-256', hash: checksum.replaceAll(/..(?!$)/g, '$&:') } })]],
    ['mismatch', [held('p1', { checksum: { algorithm: 'SHA-256', hash: base64('base64', 'sha3-256') } })]],
    ['absent', [held('p1', { appSoftwareVersion: '0.9' })]],
    ['absent', [held('p1', { appDVersion: '0.9' })]],
    ['usable', [held('p1', { appSoftwareVersion: undefined, appDVersion: null })]],
    ['absent', [held('p1', { onboardingState: 'ERROR' })]],
    ['unusable', [held('p1', { onboardingState: 'VALIDATING' })]],
    ['usable', [held('p1', { appSoftwareVersion: '0.9' }), held('p2')]],
  ])('finds it %s', async (found, there) => {
    packages = there;
    expect(await mec010().find(application, soon())).toBe(found);
  });
});

/** What others have, or the MEO itself, that no schema of ours would let pass. */
const odd = [
  held('e1', { appDId: 'other', onboardingState: 'ERROR' }),
  held('e2', { appDId: 'other', userDefinedData: [{ k: 'v' }], operationalState: 7 }),
  { appDId: 'other' },
  null,
  'a package',
] as unknown as Held[];

describe('a package that cannot be compared', () => {
  it.each([
    ['a checksum of the kind BLAKE9', { checksum: { algorithm: 'BLAKE9', hash: 'ab' } }, application],
    ['no checksum', { checksum: null }, application],
    ['no checksum', { checksum: { algorithm: 'SHA-256', hash: ' ' } }, application],
    [
      'a SHA-256 checksum of no form that is known',
      { checksum: { algorithm: 'SHA-256', hash: 'see manifest' } },
      application,
    ],
    [
      'a SHA-512 checksum, and the archive cannot be read here',
      { checksum: { algorithm: 'SHA-512', hash: hashed('sha512') } },
      { ...application, archive: { ...counter.archive, path: join(folder, 'absent.zip') } },
    ],
  ])('is none of ours, and the failure says why: it tells %s', async (why, changes, wanted) => {
    packages = [held('p1', changes)];
    const refusal = {
      type: 'PackageMismatch',
      message: `peer: package p1 tells ${why}: it cannot be compared with ours`,
    };
    await expect(mec010().find(wanted, soon())).rejects.toMatchObject(refusal);
    await expect(mec010().distribute(wanted, key, quickWait())).rejects.toMatchObject(refusal);
  });

  it('is ours where we made it, of the bytes that we sent', async () => {
    stages = [
      { onboardingState: 'ONBOARDED', appDId: application.appDId, checksum: undefined, operationalState: 'ENABLED' },
    ];
    await mec010().distribute(application, key, quickWait());
    expect(packages).toHaveLength(1);
  });
});

describe('a MEO with packages of others', () => {
  it.each(['app_packages', 'onboarded_app_packages'] as const)(
    'finds and takes ours beside odd ones (%s)',
    async (collection) => {
      packages = [...odd];
      const ours = mec010Packages(peer.exchange, { collection, content: 'put' });
      expect(await ours.find(application, soon())).toBe('absent');
      await ours.distribute(application, key, quickWait());
      expect(await ours.find(application, soon())).toBe('usable');
      expect(packages).toHaveLength(odd.length + 1);
    },
  );

  it('that numbers them shows ours', async () => {
    const told = (info: Held | undefined): object => ({ ...info, id: Number(info?.id) });
    packages = [held('16', { appSoftwareVersion: '0.1' }), held('17')];
    instead = ({ method, path: asked }) => {
      const id = asked.split('/')[4];
      if (method !== 'GET') return undefined;
      if (id === undefined) return { status: 200, json: packages.map(told) };
      return { status: 200, json: told(packages.find((each) => each.id === id)) };
    };
    expect(await mec010().find(application, soon())).toBe('usable');
    await mec010().distribute(application, key, quickWait());
    expect(packages).toHaveLength(2);
  });

  it.each([403, 422, 200])('that does not show an older one by itself (%i) shows ours all the same', async (status) => {
    instead = ({ path: asked }) => (asked.endsWith('/e9') ? { status, json: { detail: 'no' } } : undefined);
    packages = [held('e9', { appSoftwareVersion: '0.1' }), held('..', { appSoftwareVersion: '0.2' })];
    expect(await mec010().find(application, soon())).toBe('absent');
    packages.push(held('p1'));
    expect(await mec010().find(application, soon())).toBe('usable');
  });

  it.each([0, 1_000])('asks as often, of %i others', async (others) => {
    filters = true;
    packages = Array.from({ length: others }, (_, n) => held(`x${n}`, { appDId: `other-${n}` }));
    await mec010().distribute(application, key, quickWait());
    expect(await mec010().find(application, soon())).toBe('usable');
    expect(peer.heard.length).toBe(13);
    expect(answered).toBeLessThan(8_000);
  });

  it.each([
    ['null', 'null'],
    ['nothing', ''],
    ['an object without members', '{}'],
  ])('that lists %s has none', async (_, text) => {
    instead = ({ method, path: asked }) =>
      method === 'GET' && asked.endsWith('app_packages') ? { status: 200, text } : undefined;
    expect(await mec010().find(application, soon())).toBe('absent');
    instead = () => undefined;
  });

  it('that knows no filter is asked without', async () => {
    instead = ({ query }) =>
      query.size > 0 ? { status: 400, json: { detail: 'unknown query parameter' } } : undefined;
    await mec010().distribute(application, key, quickWait());
    expect(await mec010().find(application, soon())).toBe('usable');
  });

  it('that cannot filter by the key has one of ours in the end all the same', async () => {
    instead = ({ query }) =>
      query.get('filter')?.includes('ferryKey') === true ? { status: 200, json: [] } : undefined;
    peer.loseAnswer(created, 'reset');
    await expect(mec010().distribute(application, key, quickWait())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    await mec010().distribute(application, key, quickWait());
    expect(packages).toHaveLength(1);
  });
});

describe('a package whose place is not its id', () => {
  /** As V3.1.1 has it: known by its own id at first, by its descriptor's once it has one, never below the collection that was asked. */
  const strict = ({ method, path: asked }: Heard): Reply | undefined => {
    const [, , , at, id] = asked.split('/');
    const info = packages.find((each) => each.id === id);
    if (method !== 'GET' || id === undefined) return undefined;
    return at === 'onboarded_app_packages' && info?.['onboardingState'] !== 'ONBOARDED' ? { status: 404 } : undefined;
  };

  it.each([
    ['is where its creation says', (id: string) => ({ location: `/app_pkgm/v1/app_packages/${id}` })],
    ['is listed, though it does not answer', () => ({})],
  ])('%s, and made once', async (_, headers) => {
    instead = strict;
    creation = headers;
    const ours = mec010Packages(peer.exchange, { collection: 'onboarded_app_packages', content: 'fetch' });
    const wait = quickWait(400);
    await expect(ours.distribute(application, key, wait)).rejects.toMatchObject({
      name: expect.stringMatching(/Abort|Timeout/),
    }); // never fetched
    const again = ours.distribute(application, key, quickWait());
    await expect.poll(() => peer.heard.length).toBeGreaterThan(20);
    packages[0] = held('p1', { userDefinedData: { ferryKey: key } });
    await again;
    expect(packages).toHaveLength(1);
    expect(peer.count(/^POST /)).toBe(1);
  });

  it('is known to the next attempt, though the list lags behind', async () => {
    creation = () => ({ location: '/app_pkgm/v1/app_packages/p1' });
    const kept = new Map<string, string>();
    storing = { status: 503 };
    await expect(mec010().distribute(application, key, quickWait(5_000, kept))).rejects.toMatchObject({
      type: 'PeerUnavailable',
    });
    storing = { status: 202 };
    let looks = 0;
    instead = ({ query }) => (query.size > 0 && (looks += 1) < 3 ? { status: 200, json: [] } : undefined);
    await mec010().distribute(application, key, quickWait(5_000, kept));
    expect(peer.count(created)).toBe(1);
  });
});

describe('distributing a package', () => {
  it('creates it, sends the bytes, waits until it is on-boarded, and enables it', async () => {
    const wait = quickWait();
    await mec010().distribute(application, key, wait);
    expect(packages).toMatchObject([{ onboardingState: 'ONBOARDED', operationalState: 'ENABLED' }]);
    expect(uploaded).toEqual([checksum]);
    expect(peer.heard.find(({ method }) => method === 'POST')?.json).toEqual({
      appPkgName: 'counter',
      appPkgVersion: '1.0',
      appProvider: 'example',
      checksum: { algorithm: 'SHA-256', hash: checksum },
      appPkgPath: application.archive.uri,
      userDefinedData: { ferryKey: key },
    });
    expect(peer.heard.find(({ method }) => method === 'PUT')?.headers['content-type']).toBe('application/zip');
    expect(wait.told).toContain('package p1 is PROCESSING and DISABLED');
  });

  it('sends no bytes to a peer that fetches them', async () => {
    packages = [held('p1', { onboardingState: 'CREATED' })];
    const done = mec010('fetch').distribute(application, key, quickWait());
    await expect.poll(() => peer.count('GET /app_pkgm/v1/app_packages/p1')).toBeGreaterThan(1);
    packages = [held('p1')];
    await done;
    expect(peer.count(/^PUT/)).toBe(0);
  });

  it.each(['reset', 'silence', 504] as const)('makes one package though an answer is lost (%s)', async (as) => {
    peer.loseAnswer(created, as);
    await expect(mec010().distribute(application, key, quickWait())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    peer.loseAnswer(/^PUT /, as);
    await expect(mec010().distribute(application, key, quickWait())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    await mec010().distribute(application, key, quickWait());
    expect(packages).toHaveLength(1);
    expect(peer.count(created)).toBe(1);
  });

  it('removes the second that a lost answer made, and only that', async () => {
    const userDefinedData = { ferryKey: key };
    packages = [
      held('late', { onboardingState: 'CREATED', appDId: '', userDefinedData }),
      held('first', { userDefinedData }),
      held('theirs'),
      held('other', { appDId: 'other' }),
    ];
    await mec010().distribute(application, key, quickWait());
    expect(packages.map(({ id }) => id)).toEqual(['first', 'theirs', 'other']);
  });

  it('waits for the one that somebody else is on-boarding', async () => {
    packages = [held('p1', { onboardingState: 'PROCESSING' })];
    const done = mec010().distribute(application, key, quickWait());
    await expect.poll(() => peer.count('GET /app_pkgm/v1/app_packages/p1')).toBeGreaterThan(1);
    packages = [held('p1')];
    await done;
    expect(peer.count(created)).toBe(0);
  });

  it('refuses to take another package of the same descriptor and version for it', async () => {
    packages = [held('p1', { checksum: { algorithm: 'SHA-256', hash: 'cd'.repeat(32) } })];
    await expect(mec010().distribute(application, key, quickWait())).rejects.toMatchObject({
      type: 'PackageMismatch',
      message: 'peer: package p1 has descriptor id and version of ours, but other content',
    });
    expect(peer.heard.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('puts a raised version beside the one that is there', async () => {
    packages = [held('p1', { appSoftwareVersion: '0.9', checksum: { algorithm: 'SHA-256', hash: 'cd'.repeat(32) } })];
    await mec010().distribute(application, key, quickWait());
    expect(packages.map(({ id, appSoftwareVersion }) => [id, appSoftwareVersion])).toEqual([
      ['p1', '0.9'],
      ['p2', '1.0'],
    ]);
  });

  it('refuses what was on-boarded as something else', async () => {
    stages = [{ onboardingState: 'ONBOARDED', appDId: 'other' }];
    await expect(mec010().distribute(application, key, quickWait())).rejects.toMatchObject({ type: 'PackageMismatch' });
  });

  it.each([
    ['says why', { onboardingFailureDetails: { title: 'Bad manifest', detail: 'no hash of http://10.1.2.3/app' } }],
    ['does not say why', {}],
  ])('tells that it is invalid where the peer %s', async (_, details) => {
    stages = [{ onboardingState: 'PROCESSING' }, { onboardingState: 'CREATED', ...details }];
    await expect(mec010().distribute(application, key, quickWait())).rejects.toMatchObject({
      type: 'PackageInvalid',
      message: expect.stringMatching(
        /^package p1 was not on-boarded: (Bad manifest: no hash of <uri>|the peer does not say why)$/,
      ),
    });
    expect(peer.count(/^PUT/)).toBe(1);
  });

  it('tells that it is invalid where the peer does not take the bytes', async () => {
    storing = { status: 422, json: { detail: 'no zip' } };
    await expect(mec010().distribute(application, key, quickWait())).rejects.toMatchObject({ type: 'PackageInvalid' });
  });

  it.each([
    ['cannot be read', { archive: { ...counter.archive, path: join(folder, 'absent.zip') } }],
    ['has another checksum', { checksum: 'ab'.repeat(32) }],
  ])('sends no archive that %s', async (_, changes) => {
    await expect(mec010().distribute({ ...application, ...changes }, key, quickWait())).rejects.toMatchObject({
      type: 'PackageInvalid',
    });
    expect(peer.count(/^PUT/)).toBe(0);
  });
});
