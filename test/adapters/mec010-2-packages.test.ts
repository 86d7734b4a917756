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

beforeEach(async () => {
  packages = [];
  stages = [...onBoarding];
  uploaded = [];
  storing = { status: 202 };
  peer = await faultyServer(serve);
});
afterEach(async () => await peer.close());
afterAll(() => rmSync(folder, { recursive: true }));

const mec010 = (content: 'put' | 'fetch' = 'put') =>
  mec010Packages(peer.exchange, { collection: 'app_packages', content });

function serve({ method, path: asked, bytes, json }: Heard): Reply {
  const id = asked.split('/')[4];
  if (id === undefined && method === 'GET')
    return { status: 200, json: packages.map(({ checksum: _checksum, ...listed }) => listed) };
  if (id === undefined) {
    // Until it has the bytes, the peer knows no descriptor id
    const info = held(`p${packages.length + 1}`, {
      onboardingState: 'CREATED',
      operationalState: 'DISABLED',
      appDId: '',
    });
    packages.push({ ...info, userDefinedData: json['userDefinedData'] });
    return { status: 201, json: packages.at(-1) };
  }
  const at = packages.findIndex((each) => each.id === id);
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
    ['mismatch', [held('p1', { appSoftwareVersion: '0.9' })]],
    ['mismatch', [held('p1', { appDVersion: '0.9' })]],
    ['usable', [held('p1', { appSoftwareVersion: '0.9' }), held('p2')]],
  ])('finds it %s', async (found, there) => {
    packages = there;
    expect(await mec010().find(application, soon())).toBe(found);
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

  it('refuses to take another package under the same descriptor id for it', async () => {
    packages = [held('p1', { appSoftwareVersion: '0.9' })];
    await expect(mec010().distribute(application, key, quickWait())).rejects.toMatchObject({ type: 'PackageMismatch' });
    expect(peer.heard.every(({ method }) => method === 'GET')).toBe(true);
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
