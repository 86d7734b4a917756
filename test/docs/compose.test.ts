import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { searchAttributes } from '../../temporal/search-attributes.ts';

interface Bind {
  readonly type: 'bind';
  readonly source: string;
  readonly bind?: { readonly create_host_path: boolean };
}

/** The rules of the compose specification that this file can break, and ours. */
interface Service {
  readonly image?: string;
  readonly build?: unknown;
  readonly command?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly (string | Bind)[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly [member: string]: unknown;
}

const root = new URL('../../', import.meta.url);
const text = readFileSync(new URL('docker-compose.yml', root), 'utf8');
const compose = parse(text, { merge: true }) as { services: Record<string, Service>; volumes: Record<string, unknown> };
const services = Object.entries(compose.services);

const MEMBERS = [
  'image',
  'build',
  'command',
  'entrypoint',
  'depends_on',
  'environment',
  'ports',
  'volumes',
  'healthcheck',
  'init',
  'restart',
  'stop_grace_period',
  'profiles',
];

describe('docker-compose.yml', () => {
  it('has Temporal with PostgreSQL, its UI, API and worker', () => {
    expect(Object.keys(compose.services)).toEqual(
      expect.arrayContaining(['postgresql', 'temporal', 'temporal-ui', 'catalogue', 'api', 'worker', 'gateway']),
    );
    expect(compose).not.toHaveProperty('version'); // obsolete in the specification
  });

  it.each(services)('%s has an image or a build, and members that the specification knows', (_, service) => {
    expect(service.image === undefined).not.toBe(service.build === undefined);
    expect(Object.keys(service).filter((member) => !MEMBERS.includes(member))).toStrictEqual([]);
  });

  it.each(services)('%s waits for services that are there, and that tell when they are', (_, { depends_on = {} }) => {
    for (const [name, { condition }] of Object.entries(depends_on)) {
      expect(Object.keys(compose.services)).toContain(name);
      expect(['service_healthy', 'service_completed_successfully', 'service_started']).toContain(condition);
      const healthcheck = compose.services[name]?.healthcheck?.test[0] ?? 'none';
      expect(condition === 'service_healthy' ? healthcheck : 'CMD').toMatch(/^CMD/);
    }
  });

  it.each(services)('%s publishes its ports on loopback only', (_, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it.each(services)('%s mounts volumes that are declared', (_, { volumes = [] }) => {
    const named = volumes
      .map((volume) => (typeof volume === 'string' ? (volume.split(':')[0] ?? '') : volume.source))
      .filter((name) => !/^[./$]/.test(name));
    expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(named));
  });

  it('starts a gateway only where it is asked for: without a federation it has nothing to do', () => {
    expect(compose.services['gateway']?.['profiles']).toEqual(['federation']);
  });

  it('gives API, worker and gateway a database of their own, which they wait for', () => {
    const { catalogue, api, worker, gateway } = compose.services;
    const { POSTGRES_USER: user, POSTGRES_PASSWORD: password, POSTGRES_DB: name } = catalogue?.environment ?? {};
    for (const program of [api, worker, gateway]) {
      expect(program?.environment?.['DATABASE_URL']).toBe(`postgres://${user}:${password}@catalogue:5432/${name}`);
      expect(program?.depends_on).toMatchObject({ catalogue: { condition: 'service_healthy' } });
    }
    expect(catalogue?.volumes).not.toEqual(compose.services['postgresql']?.volumes);
  });

  it.each(services.filter(([name]) => name !== 'namespace'))('%s is started again when it ends', (_, { restart }) => {
    expect(restart).toBe('unless-stopped');
  });

  it.each(['api', 'worker', 'gateway'])('does not make a folder of a configuration file that %s misses', (name) => {
    const files = compose.services[name]?.volumes?.filter((volume) => typeof volume !== 'string') ?? [];
    expect(files).toMatchObject([{ target: '/etc/ferry/ferry.json', bind: { create_host_path: false } }]);
  });

  it('keeps what has ended for weeks, in a namespace that is there already too', () => {
    const retention = '${FERRY_RETENTION:-720h}';
    expect(compose.services['temporal']?.environment).toMatchObject({ DEFAULT_NAMESPACE_RETENTION: retention });
    expect(compose.services['namespace']?.environment).toMatchObject({ RETENTION: retention });
    expect(text).toContain('namespace update --namespace default --retention "$$RETENTION"');
  });

  it('demands nothing of whoever starts another part of it: what a service lacks it says itself', () => {
    expect(text).not.toMatch(/\$\{\w+:?\?/);
  });

  it('gives the worker, and it alone, its secret, and says which version it is', () => {
    const { api, worker, gateway } = compose.services;
    expect(gateway?.environment).not.toHaveProperty('FERRY_SECRET');
    expect(worker?.environment?.['FERRY_SECRET']).toBe('${FERRY_SECRET:-}'); // which says what it lacks
    expect(api?.environment).not.toHaveProperty('FERRY_SECRET');
    expect(worker?.environment).toMatchObject({ ...api?.environment, FERRY_PROMOTE: '${FERRY_PROMOTE:-true}' });
  });

  it.each(services)('%s pins its image', (_, { image }) => {
    expect(image ?? 'built:0').toMatch(/:\d[\w.-]*$/);
  });

  it('makes every search attribute', () => {
    for (const { name } of Object.values(searchAttributes)) expect(text).toContain(`--name ${name} --type Keyword`);
  });

  it.each(services.filter(([name]) => name !== 'namespace'))('%s tells whether it is well', (_, { healthcheck }) => {
    expect(healthcheck?.test[0]).toMatch(/^CMD/);
  });

  it('has a trial that needs nothing but Temporal: no configuration, no secret, no database of others', () => {
    const { trial } = compose.services;
    expect(trial).toMatchObject({ profiles: ['trial'], depends_on: { temporal: { condition: 'service_healthy' } } });
    expect(Object.keys(trial?.depends_on ?? {})).toEqual(['temporal']);
    expect(trial?.command?.slice(0, 2)).toEqual(['node', 'cli/ferry.mjs']);
    expect(readFileSync(new URL('Dockerfile', root), 'utf8')).toContain('/ferry/cli/ferry.mjs cli/ferry.mjs');
    expect(trial?.environment).not.toHaveProperty('FERRY_CONFIG');
    const taken = services.flatMap(([name, { ports = [] }]) => (name === 'trial' ? [] : ports));
    for (const port of trial?.ports ?? []) expect(taken).not.toContain(port);
  });

  it.each(['api', 'worker', 'gateway'])('runs an entry of %s that exists', (name) => {
    const entry = compose.services[name]?.command?.[1] ?? '';
    expect(entry).toMatch(/^dist\/.*\.js$/);
    expect(existsSync(new URL(entry.replace(/^dist\/(.*)\.js$/, '$1.ts'), root))).toBe(true);
  });

  it('spells out that the API is unprotected inside the network', () => {
    expect(compose.services['api']?.environment).toMatchObject({ FERRY_HOST: '0.0.0.0', FERRY_UNPROTECTED: 'true' });
  });
});

describe('the image', () => {
  const copied = [...readFileSync(new URL('Dockerfile', root), 'utf8').matchAll(/^COPY (?!--)(\S+) \S+$/gm)].map(
    ([, path = '']) => path,
  );

  it('copies what is there', () => {
    expect(copied.length).toBeGreaterThan(5);
    expect(copied.filter((path) => !existsSync(new URL(path, root)))).toStrictEqual([]);
  });

  it('copies nothing that is kept out of its build', () => {
    const keptOut = readFileSync(new URL('.dockerignore', root), 'utf8').split('\n');
    expect(copied.filter((path) => keptOut.includes(path.split('/')[0] ?? ''))).toStrictEqual([]);
  });

  it('holds every folder that is built', () => {
    const { include } = JSON.parse(readFileSync(new URL('tsconfig.build.json', root), 'utf8')) as {
      include: readonly string[];
    };
    expect(copied).toEqual(expect.arrayContaining([...include, 'console']));
  });

  it('runs on the Node that a checkout brings', () => {
    const { optionalDependencies } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
      optionalDependencies: Readonly<Record<string, string>>;
    };
    const brought = Object.entries(optionalDependencies).filter(([name]) => name.startsWith('node-linux-'));
    const majors = brought.map(([, version]) => version.split('.')[0]);
    const [, major] = /^ARG NODE_IMAGE=node:(\d+)-/m.exec(readFileSync(new URL('Dockerfile', root), 'utf8')) ?? [];
    expect(majors).toEqual([major, major]);
  });
});
