import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Zippable, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { digestOf, type Expected, packArchive, sha256, validateArchive } from '../../sandbox/packages.ts';
import { buildCounter, keepPackage } from '../../sandbox/provider.ts';
import { limits, readZip } from '../../sandbox/zip.ts';
import { descriptor, smallApplication } from '../support/small-application.ts';

const archive = smallApplication();

/** The same package, with its files changed after the manifest was written. */
const packed = Object.fromEntries(await readZip(archive));
const tampered = (change: (files: Zippable) => Zippable): Buffer => Buffer.from(zipSync(change(packed)));

const without = (file: string): Buffer =>
  tampered((files) => Object.fromEntries(Object.entries(files).filter(([name]) => name !== file)));

/** The same package with another file, which the manifest lists. */
const holding = (file: string, bytes = Buffer.from('x')): Buffer =>
  packArchive(descriptor, { 'Artifacts/app.mjs': Buffer.from(''), [file]: bytes });

const described = (change: Record<string, unknown>): Buffer =>
  packArchive({ ...descriptor, ...change }, { 'Artifacts/app.mjs': Buffer.from('') });

describe('an application package', () => {
  it('is accepted when it is what was announced', async () => {
    const { appDId, appSoftVersion, appDVersion } = descriptor;
    for (const algorithm of ['SHA-256', 'SHA-512'] as const) {
      const checksum = { algorithm, hash: digestOf({ algorithm }, archive) };
      const valid = await validateArchive(archive, { appDId, appSoftVersion, appDVersion, checksum });
      expect(valid.descriptor).toEqual(descriptor);
      expect(valid.image?.toString()).toContain('createServer');
    }
  });

  it('has the same bytes whenever it is built from the same sources', () => {
    expect(smallApplication().equals(archive)).toBe(true);
  });

  it.each<[string, Buffer, RegExp]>([
    ['no ZIP archive', Buffer.from('#!/bin/sh'), /no ZIP archive/],
    ['cut short', Buffer.concat([archive.subarray(0, 200), archive.subarray(-22)]), /damaged/],
    ['an absolute path', holding('/etc/cron.d/x'), /path that is not allowed: \/etc/],
    ['a path that leaves the package', holding('Artifacts/../../x'), /path that is not allowed/],
    ['a path with a backslash', holding('Artifacts\\..\\x'), /path that is not allowed/],
    [
      'a file without a line in the manifest',
      tampered((files) => ({ ...files, 'Artifacts/more': Buffer.from('x') })),
      /not in app.mf/,
    ],
    [
      'a file that was changed',
      tampered((files) => ({ ...files, 'Artifacts/app.mjs': Buffer.from('x') })),
      /does not have the hash/,
    ],
    ['a file that is gone', without('Artifacts/app.mjs'), /which is missing/],
    ['another file where its entry should be', without('TOSCA-Metadata/TOSCA.meta'), /TOSCA.meta, which is missing/],
    ['no manifest', without('app.mf'), /app.mf is missing/],
    ['no descriptor', without('Definitions/appd.json'), /which is missing/],
    ['a descriptor without a mandatory member', described({ appDVersion: undefined }), /appDVersion .* is missing/],
    [
      'an image that is not in the package',
      described({ swImageDescriptor: [{ swImage: 'Artifacts/other' }] }),
      /names no file/,
    ],
    ['its manifest as image', described({ swImageDescriptor: [{ swImage: 'app.mf' }] }), /names no file/],
    ['two images', described({ swImageDescriptor: [{ swImage: 'a' }, { swImage: 'b' }] }), /exactly one image/],
    ['a bomb', holding('Artifacts/zeros', Buffer.alloc(4 << 20)), /packed too well/],
    [
      'too many entries',
      packArchive(
        descriptor,
        Object.fromEntries(Array.from({ length: limits.entries }, (_, n) => [`Artifacts/${n}`, Buffer.from('x')])),
      ),
      /too many entries/,
    ],
    ['too many bytes', Buffer.alloc(limits.archiveBytes + 1), /too large/],
  ])('is refused when it is or has %s', async (_, bad, reason) => {
    await expect(validateArchive(bad, {})).rejects.toThrow(reason);
    await expect(validateArchive(bad, {})).rejects.toThrow(expect.objectContaining({ name: 'PackageInvalid' }));
  });

  it('is refused when it holds a link', async () => {
    const link = Buffer.from(
      zipSync({ 'Artifacts/link': [Buffer.from('/etc/passwd'), { os: 3, attrs: (0o120777 << 16) >>> 0 }] }),
    );
    await expect(validateArchive(link, {})).rejects.toThrow(/is a link/);
  });

  it.each([-1, 1])('is refused when an entry is %i byte off what it claims to unpack to', async (lie) => {
    const lying = Buffer.from(archive);
    const entry = lying.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]));
    lying.writeUInt32LE(lying.readUInt32LE(entry + 24) + lie, entry + 24);
    await expect(validateArchive(lying, {})).rejects.toThrow(/does not unpack to what the archive says/);
  });

  it.each<Expected>([
    { appDId: 'other' },
    { appSoftVersion: '9.9.9' },
    { appDVersion: '9' },
    { checksum: { algorithm: 'SHA-256', hash: '0'.repeat(64) } },
    { checksum: { algorithm: 'SHA-512', hash: sha256(archive) } },
  ])('is refused when %o was announced', async (expected) => {
    await expect(validateArchive(archive, expected)).rejects.toThrow(/expected|another one/);
  });
});

describe('the package of the counter', () => {
  it('is built from its sources, twice the same, and kept whole under a name made of its content', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'packages-test-'));
    try {
      const built = await buildCounter(2);
      const again = await buildCounter(2);
      expect(again.checksum).toBe(built.checksum);
      expect((await buildCounter(3)).checksum).not.toBe(built.checksum);
      const checksum = { algorithm: 'SHA-256', hash: built.checksum } as const;
      expect((await validateArchive(built.archive, { checksum })).descriptor.appName).toBe('counter');
      const file = await keepPackage(built, folder);
      expect(sha256(await readFile(file))).toBe(built.checksum);
      expect(path.basename(file)).toBe(built.fileName);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
