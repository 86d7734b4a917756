import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { descriptorOf } from '../../adapters/mec010-2/descriptor.ts';
import { appD, META, vendorArchive, zipped } from '../support/vendor-package.ts';

/** What a package says of its rules and needs, whoever has made it. */
const folder = mkdtempSync(join(tmpdir(), 'ferry-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function told(archive: Buffer) {
  const path = join(folder, 'a.zip');
  writeFileSync(path, archive);
  return await descriptorOf({ archive: { path, uri: '' } });
}

const withRules = (rules: object): Buffer =>
  vendorArchive({ files: { 'Definitions/appd.json': JSON.stringify({ ...appD, ...rules }) } });
const rules = {
  appDNSRule: [{ dnsRuleId: 'DNSRule001', domainName: 'game.example', ttl: 30 }],
  appTrafficRule: [{ trafficRuleId: 'TrafficRule001', trafficFilter: [{ dstAddress: [] }] }],
  appServiceRequired: [{ serName: 'RNIS', version: '2.2.1' }],
};

it('reads the names, the traffic rules and the services of a descriptor', async () => {
  const described = { names: ['game.example'], traffic: true, requires: ['RNIS'] };
  await expect(told(withRules(rules))).resolves.toEqual(described);
});

it.each([
  ['without any', {}],
  ['with none', { appDNSRule: [], appTrafficRule: [], appServiceRequired: [] }],
  ['with null', { appDNSRule: null, appTrafficRule: null, appServiceRequired: null }],
])('says of one %s that there are none', async (_, none) => {
  const absent = { appDNSRule: undefined, appTrafficRule: undefined, appServiceRequired: undefined };
  await expect(told(withRules({ ...absent, ...none }))).resolves.toEqual({ names: [], traffic: false, requires: [] });
});

it.each([
  ['no ZIP archive', Buffer.from('a package')],
  ['one that is wrapped with its signature', zipped({ 'app.csar': vendorArchive(), 'app.cms': Buffer.from('CMS') })],
  ['one whose descriptor is in YAML', vendorArchive({ files: { 'Definitions/appd.json': 'appDId: x\n' } })],
  ['one that names no descriptor', vendorArchive({ meta: META })],
  ['one whose descriptor is elsewhere', vendorArchive({ meta: `${META}Entry-Definitions: nowhere.json\n` })],
  ['one whose descriptor is larger than any is', withRules({ ...rules, appDescription: 'x'.repeat(1 << 20) })],
])('says nothing of %s: orchestrators may read what is not read here', async (_, archive) => {
  await expect(told(archive)).resolves.toBeUndefined();
});

it('says nothing where there is no archive, as with an orchestrator that fetches it', async () => {
  await expect(descriptorOf({ archive: { path: join(folder, 'none'), uri: '' } })).resolves.toBeUndefined();
});
