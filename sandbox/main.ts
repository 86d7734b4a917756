import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { Children, untilServed } from './children.ts';
import type { Plan } from './configuration.ts';
import { serveControl } from './control.ts';
import { issuerName, issuersOf } from './issuers/clients.ts';
import {
  broughtPackage,
  type BuiltPackage,
  buildCarrier,
  buildCounter,
  keepPackage,
  plainIds,
  realIds,
} from './provider.ts';
import { StartQuirks } from './quirks/start.ts';
import { Topology, topologies } from './topologies/topologies.ts';
import type { Ferry } from './topologies/topology.ts';
import { foundWorld, makeOdd } from './world.ts';

/**
 * Starts a world. `--net N`: its network, 127.N.0.0/16. `--topology`: whose it is, `alone` or `pair`. `--ferry <url>`:
 * where A's orchestrators find the inner listener of their Ferry. `--package-cache <dir>`, `--config-out <file>`: where the
 * package and secrets, and the configuration of A's Ferry go (.ferry/sandbox-N by default); those of others are beside it.
 * `--clamp`, `--ttl`: seconds. `--pace <json>`: members of Ferry's pace. `--cellChanges <seconds>`: a random device changes
 * its cell so often. `--capacity`: instances that a MEC host takes. `--quirks <names>`: how odd its peers are, from the
 * start. `--mtls`: they ask whoever calls for a certificate. `--app <package>`: runs this application instead of the counter; `carrier`, and after a colon the habits
 * that it lacks: one that moves its context itself (sandbox/carrier). `--tethered`: ends when its stdin closes. When it is ready, one line of JSON on stdout says where it is.
 */
const { values } = parseArgs({
  options: {
    net: { type: 'string', default: '10' },
    topology: { type: 'string', default: 'pair' },
    ferry: { type: 'string', default: 'http://127.0.0.1:8700' },
    'package-cache': { type: 'string' },
    'config-out': { type: 'string' },
    clamp: { type: 'string', default: '4' },
    ttl: { type: 'string', default: '2' },
    pace: { type: 'string', default: '{}' },
    cellChanges: { type: 'string', default: '0' },
    capacity: { type: 'string', default: '20' },
    quirks: { type: 'string', default: '' },
    mtls: { type: 'boolean', default: false },
    app: { type: 'string' },
    tethered: { type: 'boolean', default: false },
  },
});
const folder = path.resolve('.ferry', `sandbox-${values.net}`);
const cache = path.resolve(values['package-cache'] ?? folder);
const certificates = path.join(cache, 'certificates');
const plan: Plan = {
  world: randomUUID(),
  net: z.coerce.number().int().min(1).max(254).parse(values.net),
  clampSeconds: z.coerce.number().int().nonnegative().parse(values.clamp),
  ferry: values.ferry,
  ttlSeconds: z.coerce.number().int().positive().parse(values.ttl),
  pace: z.record(z.string(), z.number()).parse(JSON.parse(values.pace)),
  managed: (process.env['MANAGEMENT_TOKEN'] ?? '') !== '',
  // What is brought may be one that serves by plain HTTP only
  ...(values.mtls && { certificates: { folder: certificates, ofInstances: values.app === undefined } }),
};
const topologyName = Topology.parse(values.topology);
const topology = topologies[topologyName];
const quirks = StartQuirks.parse(values.quirks.split(',').filter((name) => name !== ''));
const configurationFile = path.resolve(values['config-out'] ?? path.join(folder, 'configuration.json'));
const secrets = path.join(cache, 'secrets');
const instances = path.join(cache, 'instances');

const say = (line: string): void => void process.stderr.write(`sandbox: ${line}\n`);

const children = new Children((name) => {
  say(`${name} has ended: the world ends`);
  void end(1);
});
async function end(status: number): Promise<never> {
  await children.end();
  process.exit(status);
}
process.once('SIGINT', () => void end(0)).once('SIGTERM', () => void end(0));
if (values.tethered) process.stdin.resume().once('close', () => void end(0));

async function start(): Promise<void> {
  const built = await thePackage();
  await rm(instances, { recursive: true, force: true });
  await mkdir(instances, { recursive: true });
  const archive = await keepPackage(built, cache);
  const ferries = topology.ferries(plan, built, archive, secrets);
  const issued = plan.certificates && (await certificatesFor(ferries, built));
  const net = ['--net', String(plan.net)];
  const asking = issued === undefined ? [] : ['--certificates', certificates];
  children.start('network', [...net, ...asking]);
  children.start('devices', net);
  children.start('peers', [
    ...net,
    '--topology',
    topologyName,
    '--ferry',
    values.ferry,
    '--secrets',
    secrets,
    '--cellChanges',
    values.cellChanges,
    '--capacity',
    values.capacity,
    '--instances',
    instances,
    ...asking,
  ]);
  if (topology.issuers) children.start('issuers', [...net, '--secrets', secrets, ...asking]);
  if (topology.assistant) children.start('assistant', net);
  const control = await serveControl(plan, children, ferries, built, issued);
  const parts = [2, 3, 4, ...(topology.issuers ? [5] : []), ...(topology.assistant ? [6] : [])];
  await Promise.all(parts.map(async (host) => await untilServed(`http://127.${plan.net}.0.${host}:8080/state`)));
  say('founding the world');
  await foundWorld(plan, built);
  await makeOdd(plan, quirks);
  const written = await Promise.all(ferries.map(keptConfiguration));
  const ready = {
    ready: true,
    world: plan.world,
    control: control.url,
    application: built.descriptor.appName,
    instances,
    configuration: configurationFile,
    ferries: written,
  };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

/** Of every peer that a Ferry asks, of authorization servers, of these Ferrys, and of the instances, which find theirs by their environment. */
async function certificatesFor(ferries: readonly Ferry[], { descriptor, domainName }: BuiltPackage) {
  const { Certificates } = await import('./certificates/certificates.ts'); // nobody else needs what they are made with
  const made = await Certificates.make(certificates);
  for (const { operator, configuration } of ferries) {
    await made.give(operator);
    for (const [name, { url }] of Object.entries(configuration.peers))
      await made.give(name, [{ type: 'ip', value: new URL(url).hostname }]);
  }
  for (const { operator, url } of topology.issuers ? issuersOf(plan.net, true) : [])
    await made.give(issuerName(operator), [{ type: 'ip', value: new URL(url).hostname }]);
  if (plan.certificates?.ofInstances === true) {
    const { ca, certificate, key } = await made.give(descriptor.appName, [{ type: 'dns', value: domainName }]);
    const told = { MANAGEMENT_CA: ca, MANAGEMENT_CERTIFICATE: certificate, MANAGEMENT_KEY: key };
    Object.assign(process.env, told);
  }
  return made;
}

/** Built, or brought by its provider. */
async function thePackage(): Promise<BuiltPackage> {
  if (values.app === undefined) {
    say('building the package of the application');
    return await buildCounter(plan.ttlSeconds, quirks.includes('realRuleIds') ? realIds : plainIds);
  }
  const [name, ...lacking] = values.app.split(/[:,]/);
  if (name === 'carrier') return await buildCarrier(plan.ttlSeconds, lacking);
  return await broughtPackage(values.app).catch((error: unknown) => {
    throw new Error(`${values.app}: ${(error as Error).message}`, { cause: error });
  });
}

/** The first is A's, where that was asked for; the others have the operator in their names. */
async function keptConfiguration({ configuration, ...ferry }: Ferry, nth: number): Promise<object> {
  const { dir, name, ext } = path.parse(configurationFile);
  const file = nth === 0 ? configurationFile : path.join(dir, `${name}.${ferry.operator}${ext}`);
  await mkdir(dir, { recursive: true });
  await writeFile(`${file}.${process.pid}`, `${JSON.stringify(configuration, null, 2)}\n`);
  await rename(`${file}.${process.pid}`, file);
  return { ...ferry, configuration: file };
}

try {
  await start();
} catch (error) {
  say((error as Error).message);
  await end(1);
}
