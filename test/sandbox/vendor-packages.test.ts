import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { validateArchive } from '../../sandbox/packages.ts';
import { startInstance } from '../../sandbox/runner.ts';
import { descriptor } from '../support/small-application.ts';
import { appD, IMAGE, META, type Vendor, vendorArchive as archive, zipped } from '../support/vendor-package.ts';

/** Packages as vendors make them: by other tools than ours, from the same standards. */

const inYaml = (path: string, text: string): Vendor => ({
  files: { 'Definitions/appd.json': '', [path]: text },
  meta: `${META}Entry-Definitions: ${path}\nETSI-Entry-Manifest: app.mf\n`,
});

const METADATA = `metadata:
  app_product_name: counter
  app_provider_id: Edge Example
  app_package_version: 1.0
  app_release_date_time: 2025-11-24T16:00:00+01:00

`;
const SIGNATURE =
  '\n-----BEGIN CMS-----\nMIII/gYJKoZIhvcNAQcCoIII7zCCCOsCAQEx\nSource: not/an/entry\n-----END CMS-----\n';
const template = {
  tosca_definitions_version: 'tosca_simple_yaml_1_2',
  imports: ['types.yaml'],
  topology_template: { node_templates: { app: { type: 'org.example.AppD', properties: appD } } },
};

describe('a package as vendors make them is on-boarded', () => {
  it.each<[string, Buffer]>([
    [
      'entries for directories',
      zipped({ ...unzipSync(archive()), 'Artifacts/': new Uint8Array(), 'Empty/': new Uint8Array() }),
    ],
    ['a metadata block before the entries', archive({ before: METADATA })],
    ['a metadata block, and no blank line behind it', archive({ before: METADATA.trimEnd().concat('\n') })],
    ['a signature behind the entries', archive({ before: METADATA, behind: SIGNATURE })],
    ['lines that end as on Windows', archive({ before: METADATA.replaceAll('\n', '\r\n') })],
    [
      'signatures and certificates beside the files',
      archive({ unlisted: { 'app.cert': 'x', 'Artifacts/app.mjs.sig.cms': 'x' } }),
    ],
    ['a blank in a name', archive({ files: { 'Artifacts/read me first.txt': 'x' } })],
    [
      'names of any script',
      archive({ files: { 'Artifacts/Änderungen (v1)+@~.txt': 'x', 'Artifacts/说明/.keep': 'x' } }),
    ],
    ['SHA-512', archive({ algorithm: 'SHA-512' })],
    ['an algorithm spelt otherwise', archive({ algorithm: 'sha256' })],
    ['a manifest of another name', archive({ manifest: 'counter_1.0.mf' })],
    [
      'a manifest that only lies there',
      archive({ manifest: 'counter.mf', meta: `${META}Entry-Definitions: Definitions/appd.json\n` }),
    ],
    [
      'the older name of the key',
      archive({ meta: `${META}Entry-Definitions: Definitions/appd.json\nEntry-Manifest: app.mf\n` }),
    ],
    [
      'blocks for single files in its metadata',
      archive({
        meta: `${META}Entry-Definitions: Definitions/appd.json\nETSI-Entry-Manifest: app.mf\n\nName: ${IMAGE}\nContent-Type: Image\n`,
      }),
    ],
    ['a descriptor in YAML', archive(inYaml('Definitions/MainServiceTemplate.yaml', stringify(appD)))],
    ['a descriptor in a TOSCA template', archive(inYaml('Definitions/main.yaml', stringify(template)))],
    ['a descriptor that nothing names', archive({ ...inYaml('APPD/app.yml', stringify({ appD })), meta: null })],
    [
      'texts of others beside it',
      archive({ files: { 'Definitions/types.yaml': 'node_types: {}', 'Artifacts/x.json': '{broken' } }),
    ],
    [
      'something that is elsewhere',
      archive({ behind: '\nSource: https://vendor.example/big.img\nAlgorithm: SHA-256\nHash: 00\n' }),
    ],
  ])('with %s', async (_, bytes) => {
    const valid = await validateArchive(bytes, {
      appDId: descriptor.appDId,
      appSoftVersion: '1.0.0',
      appDVersion: '1.0',
    });
    expect(valid.descriptor.swImageDescriptor).toEqual(appD.swImageDescriptor);
    expect(valid.image?.toString()).toBe('export {}');
  });

  it('with versions that YAML takes for numbers', async () => {
    const unquoted = stringify(appD).replace(/appDVersion: "1\.0"/, 'appDVersion: 1.0');
    expect(unquoted).toContain('appDVersion: 1.0\n');
    const { descriptor: read } = await validateArchive(archive(inYaml('Definitions/appd.yaml', unquoted)), {});
    expect([read.appDVersion, read.appDNSRule?.[0]?.['ttl']]).toEqual(['1.0', 2]);
  });

  it('with images that are elsewhere, though no host of the sandbox can run them', async () => {
    for (const swImage of ['registry.example:5000/counter:1.0', 'https://vendor.example/counter.tar']) {
      const text = JSON.stringify({ ...appD, swImageDescriptor: [{ swImage }] });
      expect(await validateArchive(archive({ files: { 'Definitions/appd.json': text } }), {})).toMatchObject({
        image: undefined,
      });
    }
  });

  it('and is not started where no image is in it', async () => {
    const text = JSON.stringify({ ...appD, swImageDescriptor: [{ swImage: 'registry.example/counter:1' }] });
    const order = { id: 'x', archive: archive({ files: { 'Definitions/appd.json': text } }), address: '127.38.8.1' };
    await expect(startInstance(order)).rejects.toThrow('runs the one image that is in the package: there is none');
  });

  it('with several images where they are containers', async () => {
    const swImageDescriptor = [{ swImage: IMAGE }, { swImage: 'registry.example/proxy:2' }];
    const text = JSON.stringify({ ...appD, swImageDescriptor, osContainerDescriptor: [{}] });
    const { descriptor: read } = await validateArchive(archive({ files: { 'Definitions/appd.json': text } }), {});
    expect(read.swImageDescriptor).toHaveLength(2);
  });
});

describe('a package that is unknown, or contradicts itself, is refused', () => {
  it.each<[string, Vendor, RegExp]>([
    [
      'an algorithm that nobody knows',
      { behind: `\nSource: ${IMAGE}x\nAlgorithm: MD5\nHash: 0\n`, files: {}, unlisted: { [`${IMAGE}x`]: 'x' } },
      /algorithm MD5 is not known/,
    ],
    ['two entries for a file', { behind: `\nSource: ${IMAGE}\nAlgorithm: SHA-256\nHash: 0\n` }, /lists a file twice/],
    ['a signature without end', { behind: '\n-----BEGIN CMS-----\nMIII' }, /signature in app.mf has no end/],
    ['a file that the manifest does not list', { unlisted: { 'Artifacts/more': 'x' } }, /more is not in app.mf/],
    [
      'an entry that is missing',
      { meta: `${META}Entry-Definitions: Definitions/other.yaml\n` },
      /other.yaml, the entry, is missing/,
    ],
    ['an entry that is neither JSON nor YAML', inYaml('Definitions/a.yaml', 'a: [1'), /neither JSON nor YAML/],
    ['two manifests', { meta: null, unlisted: { 'other.mf': 'x' } }, /more than one manifest/],
    [
      'another manifest than its metadata say',
      { meta: `${META}ETSI-Entry-Manifest: other.mf\n` },
      /manifest other.mf is missing/,
    ],
    [
      'two descriptors',
      { meta: null, files: { 'Definitions/b.yaml': stringify({ ...appD, appDId: 'b' }) } },
      /more than one descriptor/,
    ],
    ['no descriptor', { files: { 'Definitions/appd.json': '{"vnfdId": "x"}' } }, /no descriptor/],
    [
      'a descriptor of the size of a book',
      inYaml('Definitions/a.yaml', `a: ${'x'.repeat(2 << 20)}${Math.random()}`),
      /packed too well|too large/,
    ],
    ['a YAML bomb', inYaml('Definitions/a.yaml', bomb()), /alias/i],
  ])('with %s', async (_, vendor, reason) => {
    await expect(validateArchive(archive(vendor), {})).rejects.toThrow(reason);
    await expect(validateArchive(archive(vendor), {})).rejects.toMatchObject({ name: 'PackageInvalid' });
  });

  it.each(['../../etc/x', '/etc/x', 'C:/x', 'a\\b', 'a\u0000b'])('with the path %j', async (path) => {
    await expect(validateArchive(zipped({ [path]: Buffer.from('x') }), {})).rejects.toThrow(/path that is not allowed/);
  });
});

/** Each line holds the one before it ten times. */
function bomb(): string {
  const lines = Array.from(
    { length: 9 },
    (_, n) =>
      `b${n}: &b${n} [${Array(10)
        .fill(n === 0 ? 'x' : `*b${n - 1}`)
        .join(', ')}]`,
  );
  return [...lines, 'appDId: x'].join('\n');
}
