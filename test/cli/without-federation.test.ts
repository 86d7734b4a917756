import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { program } from '../../cli/built.ts';
import { named } from '../support/api.ts';

/** Whoever says nothing of a federation has none of it: counted, and not timed. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ferry-without-'));
const file = join(folder, 'ferry.json');
let database: Server;
let asked = 0;
let child: ChildProcess | undefined;
beforeAll(async () => {
  writeFileSync(file, JSON.stringify({ ...named, federation: undefined }));
  database = createServer((socket) => {
    asked += 1;
    socket.destroy();
  });
  await once(database.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => void child?.kill('SIGKILL'));
afterAll(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

function started(script: string): ChildProcess {
  const { port } = database.address() as AddressInfo;
  child = spawn(process.execPath, program(script), {
    env: {
      ...process.env,
      FERRY_CONFIG: file,
      FERRY_PORT: '0',
      FERRY_LOG_LEVEL: 'error',
      FERRY_SECRET: 'a secret of at least thirty-two characters',
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      DATABASE_URL: `postgres://ferry:nothing@127.0.0.1:${port}/ferry`,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return child;
}

/** Addresses at which a process listens, of any family. */
function listening(pid: number): string[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return []; // closed meanwhile
      }
    }),
  );
  return ['tcp', 'tcp6'].flatMap((family) =>
    readFileSync(`/proc/${pid}/net/${family}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode = '']) => state === '0A' && own.has(inode))
      .map(([, address = '']) => address),
  );
}

describe('without a federation', () => {
  it('the API has one listener, no process of its own, and asks no database', async () => {
    const api = started('api/main.ts');
    const [line] = (await once(createInterface({ input: api.stdout as NodeJS.ReadableStream }), 'line')) as [string];
    const said = JSON.parse(line) as { url: string };
    expect(Object.keys(said).toSorted()).toEqual(['ready', 'url']);
    for (const path of ['/v1/federations', '/v1/systems', '/v1/offers', '/v1/service-bindings'])
      expect(`${path} ${(await fetch(`${said.url}${path}`.replace('//v1', '/v1'))).status < 500}`).toBe(`${path} true`);
    expect(listening(api.pid ?? 0)).toHaveLength(1);
    expect(readFileSync(`/proc/${api.pid}/task/${api.pid}/children`, 'utf8')).toBe('');
    expect(asked).toBe(0);
  });

  it('the worker asks no database', async () => {
    const worker = started('worker/main.ts');
    worker.stdout?.resume();
    await once(worker, 'exit'); // there is no Temporal
    expect(asked).toBe(0);
  });

  /** Our own files and packages that a program loads whatever it is told: its chunks, as their source maps tell. */
  function loaded(entry: string): { readonly packages: ReadonlySet<string>; readonly own: readonly string[] } {
    const chunks = new Set<string>();
    const follow = (chunk: string): void => {
      if (chunks.has(chunk)) return;
      chunks.add(chunk);
      const text = readFileSync(chunk, 'utf8');
      for (const [, path = ''] of text.matchAll(/\b(?:import|from)\s*["'](\.[^"']+)["']/g))
        follow(join(dirname(chunk), path));
    };
    follow(join(root, 'dist', entry));
    const sources = [...chunks].flatMap(
      (chunk) => (JSON.parse(readFileSync(`${chunk}.map`, 'utf8')) as { sources: string[] }).sources,
    );
    const packages = sources.flatMap((source) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? []);
    return { packages: new Set(packages), own: sources.map((source) => source.replaceAll('../', '')) };
  }

  const ofFederation =
    /^(catalogue|doors\/tokens|activities\/federation|adapters\/(ewbi|mff|mfm|mpp)|worker\/(federat|consuming)|api\/(federat|outer|partners|tokens|mff|mfm|ewbi))/;
  const odd = ['pg', 'pg-protocol', 'kysely', 'jose', 'express-rate-limit'];

  it.each([
    ['worker', '@temporalio/worker'],
    ['api', 'express'],
  ])('the %s loads nothing of it, and no client of a database', (part, kept) => {
    const { packages, own } = loaded(`${part}/main.js`);
    expect(own).toContain(`${part}/main.ts`); // by the same look what is loaded is found
    expect(packages).toContain(kept);
    expect(own.filter((source) => ofFederation.test(source))).toEqual([]);
    expect(odd.filter((name) => packages.has(name))).toEqual([]);
  });

  it('the API does not load what only its worker needs, nor a worker what shows metrics where nobody asks for them', () => {
    expect(loaded('api/main.js').packages).not.toContain('undici');
    expect(loaded('worker/main.js').packages).not.toContain('prom-client');
  });

  it("the workflows' thread loads no client of gRPC", () => {
    const { packages, own } = loaded('worker/workflow-thread.js');
    expect(packages).toContain('@temporalio/proto');
    expect(own.filter((source) => /grpc-js\/.*(client|channel|server)\.[jt]s$/.test(source))).toEqual([]);
  });
});
