import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { validateArchive } from '../../sandbox/packages.ts';
import { appD, IMAGE, META, vendorArchive, zipped } from '../support/vendor-package.ts';

/** Packages in wrappings: of a signature, a folder, a Mac, Windows, or of a descriptor that is an archive of its own. */
const plain = vendorArchive();
const of = (text: string): Uint8Array => Buffer.from(text);
const remade = (archive: Buffer, path: (path: string) => string, bytes = (_: string, is: Uint8Array) => is): Buffer =>
  zipped(Object.fromEntries(Object.entries(unzipSync(archive)).map(([at, is]) => [path(at), bytes(at, is)])));
const below = (folder: string) => (path: string) => `${folder}/${path}`;
const texts = (change: (text: string) => string) => (path: string, is: Uint8Array) =>
  /\.(?:meta|mf)$/.test(path) ? of(change(Buffer.from(is).toString())) : is;
const besides = (archive: Buffer, more: Record<string, Uint8Array>): Buffer =>
  zipped({ ...unzipSync(archive), ...more });
const meta = (text: string): Buffer => vendorArchive({ meta: text });

const yaml = of(stringify(appD));
const nestedMeta = of(`${META}Entry-Definitions: Definition/MainServiceTemplate.yaml\n`);
const nested = zipped({ 'TOSCA-Metadata/TOSCA.meta': nestedMeta, 'Definition/MainServiceTemplate.yaml': yaml });
const holding = (path: string, archive: Buffer, entry = ''): Buffer =>
  vendorArchive({
    files: { 'Definitions/appd.json': '' },
    bytes: { [path]: archive },
    meta: `${META}${entry}ETSI-Entry-Manifest: app.mf\n`,
  });

describe('a package is read through its wrapping', () => {
  it.each<[string, Buffer]>([
    [
      'signed as a whole, its certificate beside it',
      zipped({ 'app.csar': plain, 'app.cms': of('x'), 'app.cert': of('x') }),
    ],
    ['signed as a whole, its certificate in the signature', zipped({ 'app.zip': plain, 'app.cms': of('x') })],
    [
      'signed as a whole on a Mac, below a folder',
      zipped({ 'app.csar': remade(plain, below('counter')), 'app.cms': of('x'), '__MACOSX/._app.csar': of('x') }),
    ],
    ['below a folder', remade(plain, below('counter-1.0'))],
    [
      'below a folder that its manifest names',
      remade(
        plain,
        below('counter-1.0'),
        texts((text) => text.replaceAll('Source: ', 'Source: counter-1.0/')),
      ),
    ],
    [
      'with what a Mac leaves behind',
      besides(plain, { '.DS_Store': of('x'), '__MACOSX/._app.mf': of('x'), 'Artifacts/._app.mjs': of('x') }),
    ],
    [
      'with marks before the first letters',
      remade(
        plain,
        String,
        texts((text) => `\uFEFF${text}`),
      ),
    ],
    [
      'with lines that end as on Windows',
      remade(
        plain,
        String,
        texts((text) => text.replaceAll('\n', '\r\n')),
      ),
    ],
    [
      'with the paths of Windows',
      meta(`${META}Entry-Definitions: .\\Definitions\\appd.json\nETSI-Entry-Manifest: .\\app.mf\n`),
    ],
    ['with quoted paths', meta(`${META}Entry-Definitions: "Definitions/appd.json"\nEtsi-Entry-Manifest: 'app.mf'\n`)],
    [
      'with its entries in a block of their own',
      meta(`${META}\nEntry-Definitions: Definitions/appd.json\nETSI-Entry-Manifest: app.mf\n`),
    ],
    [
      'with all entries that the standard has',
      meta(
        `${META}ETSI-Entry-Manifest: app.mf\nETSI-Entry-Licenses: Licenses\nETSI-Entry-Change-Log: ChangeLog.txt\nEntry-Definitions: Definitions/appd.json\n`,
      ),
    ],
    [
      'with the entry under the newer name',
      meta(`${META}ETSI-Entry-Definitions: Definitions/appd.json\nETSI-Entry-Manifest: app.mf\n`),
    ],
    [
      'with metadata in another spelling of its path',
      remade(plain, (path) => path.replace('TOSCA.meta', 'tosca.meta')),
    ],
    [
      'with its descriptor in a folder of its own',
      vendorArchive({ files: { 'Definitions/appd.json': '', 'APPD/app.yaml': stringify(appD) }, meta: null }),
    ],
    ['with its descriptor in an archive of its own', holding('APPD/counter.zip', nested)],
    [
      'with its descriptor in an archive that is its entry',
      holding('APPD/counter.csar', nested, 'Entry-Definitions: APPD/counter.csar\n'),
    ],
    [
      'with its descriptor in an archive below a folder',
      holding('Definitions/counter.zip', remade(nested, below('counter'))),
    ],
  ])('%s', async (_, archive) => {
    const { descriptor, image } = await validateArchive(archive, { appDId: appD.appDId, appDVersion: '1.0' });
    expect(descriptor.swImageDescriptor).toEqual(appD.swImageDescriptor);
    expect(image?.toString()).toBe('export {}');
  });
});

describe('a wrapping that says nothing clear is refused', () => {
  it.each<[string, Buffer, RegExp]>([
    ['an archive without the signature', zipped({ 'app.csar': plain }), /app\.csar alone, without the signature/],
    [
      'two archives and a signature',
      zipped({ 'a.csar': plain, 'b.csar': plain, 'a.cms': of('x') }),
      /more than one archive/,
    ],
    ['a signature of what is no archive', zipped({ 'app.csar': of('x'), 'app.cms': of('x') }), /no ZIP archive/],
    [
      'an archive in an archive in an archive',
      zipped({ 'a.csar': zipped({ 'b.csar': plain, 'b.cms': of('x') }), 'a.cms': of('x') }),
      /the manifest \*\.mf is missing/,
    ],
    ['two archives of descriptors', twoNested(), /more than one archive of descriptors/],
    ['an archive of no descriptor', holding('APPD/counter.zip', zipped({ 'a.yaml': of('a: 1') })), /no descriptor/],
    [
      'a damaged archive of descriptors',
      holding('APPD/counter.zip', Buffer.from('x')),
      /APPD\/counter\.zip: this is no ZIP archive/,
    ],
    [
      'a changed file below its folder',
      remade(plain, below('counter'), (path, is) => (path === IMAGE ? of('changed') : is)),
      /does not have the hash/,
    ],
  ])('%s', async (_, archive, reason) => {
    await expect(validateArchive(archive, {})).rejects.toThrow(reason);
    await expect(validateArchive(archive, {})).rejects.toMatchObject({ name: 'PackageInvalid' });
  });
});

function twoNested(): Buffer {
  return vendorArchive({
    files: { 'Definitions/appd.json': '' },
    bytes: { 'APPD/a.zip': nested, 'APPD/b.zip': nested },
    meta: `${META}ETSI-Entry-Manifest: app.mf\n`,
  });
}
