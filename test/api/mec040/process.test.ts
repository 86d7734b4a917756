import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { program } from '../../../cli/built.ts';
import { named } from '../../support/api.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../../support/catalogue.ts';
import { federationOfTest } from '../../support/federation.ts';
import { Issuer } from '../../support/issuer.ts';
import { memberSystems } from '../../support/mec040.ts';

let own: CatalogueOfTest;
let issuer: Issuer;
const folder = mkdtempSync(join(tmpdir(), 'ferry-api-'));
const [federated, alone] = [join(folder, 'federated.json'), join(folder, 'alone.json')];
beforeAll(async () => {
  [own, issuer] = await Promise.all([catalogueOfTest(), Issuer.start()]);
  const federation = federationOfTest({ issuers: { own: { issuer: issuer.url, audience: 'ferry' } } });
  writeFileSync(federated, JSON.stringify({ ...named, systems: { ...named.systems, ...memberSystems }, federation }));
  writeFileSync(alone, JSON.stringify(named));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await issuer?.stop();
  await own?.drop();
});

let child: ChildProcess | undefined;
afterEach(() => void child?.kill('SIGKILL'));

interface Ready {
  readonly url: string;
  readonly outer?: string;
}

/** The API as it is started, without Temporal. */
function run(configuration: string, database: string) {
  const started = spawn(process.execPath, program('api/main.ts'), {
    env: {
      ...process.env,
      FERRY_CONFIG: configuration,
      FERRY_PORT: '0',
      FERRY_OUTER_PORT: '0',
      FERRY_LOG_LEVEL: 'error',
      DATABASE_URL: database,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  let errors = '';
  started.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  const ended = new Promise<{ code: number | null; errors: string }>((resolve) =>
    started.once('close', (code) => resolve({ code, errors })),
  );
  const said = new Promise<Ready>((resolve) => {
    createInterface({ input: started.stdout }).once('line', (line) => resolve(JSON.parse(line) as Ready));
  });
  return { said, ended, process: started };
}

const INFOS = '/fed-enablement/v1/fed_resources/system_info';

it('with a federation it serves MEOs and partners, also while Temporal is away, and ends cleanly', async () => {
  const api = run(federated, own.url);
  const { url, outer } = await api.said;
  const authorization = `Bearer ${await issuer.token({ client_id: 'meo-one', scope: 'fed_enablement' })}`;
  const names = async (): Promise<string[]> => {
    const answer = await fetch(`${url}${INFOS}`, { headers: { authorization } });
    return ((await answer.json()) as { systemName: string }[]).map(({ systemName }) => systemName).toSorted();
  };
  expect(await names()).toEqual(['cellular', 'wifi']); // those without a client, from the start
  const made = await fetch(`${url}${INFOS}`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ systemName: 'one', systemProvider: 'Operator A' }),
  });
  expect(made.status).toBe(201);
  expect(await names()).toEqual(['cellular', 'one', 'wifi']);
  expect((await fetch(`${outer}${INFOS}`, { headers: { authorization } })).status).toBe(404);
  expect((await fetch(`${outer}/operatorplatform/federation/v1/partner`, { method: 'POST' })).status).toBe(401);
  api.process.kill('SIGTERM');
  await expect(api.ended).resolves.toMatchObject({ code: 0 });
});

it('it ends and says why where its database cannot be had', async () => {
  const { code, errors } = await run(federated, 'postgres://127.0.0.1:1/ferry').ended;
  expect(code).toBe(1);
  expect(errors).toMatch(/the catalogue does not open .*look at the PostgreSQL server of DATABASE_URL/);
});

it('without one no database is opened, wherever it is said to be, and nobody listens for partners', async () => {
  const api = run(alone, 'postgres://127.0.0.1:1/ferry');
  const { url, outer } = await api.said;
  expect(outer).toBeUndefined();
  expect((await fetch(`${url}${INFOS}`)).status).toBe(404);
  api.process.kill('SIGTERM');
  await expect(api.ended).resolves.toMatchObject({ code: 0 });
});
