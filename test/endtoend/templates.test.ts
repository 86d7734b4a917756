import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../cli/main.ts';
import { claimNetwork } from '../support/network.ts';
import { fleet, measured, unharmed } from '../support/sight.ts';
import { Stage } from '../support/stage.ts';

/** What a provider makes of a template is packaged, on-boarded by real orchestrators, and moved there and back. */
const { net: NETWORK } = await claimNetwork();
const root = fileURLToPath(new URL('../../', import.meta.url));

let folder: string;
let stage: Stage | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'templates-'));
});
afterEach(async () => {
  await stage?.strike();
  stage = undefined;
});
afterAll(() => rmSync(folder, { recursive: true }));

async function packaged(template: string, build: (copy: string) => void): Promise<string> {
  const copy = join(folder, template);
  cpSync(join(root, 'templates', template), copy, { recursive: true });
  build(copy);
  const output = join(folder, `${template}.zip`);
  let said = '';
  const stream = { write: (text: string) => (said += text) };
  const status = await main(['package', copy, '--file', output], stream, stream);
  if (status !== 0) throw new Error(said);
  return output;
}

const tsc = (copy: string): void => {
  execFileSync(join(root, 'node_modules/.bin/tsc'), [
    '--project',
    copy,
    '--typeRoots',
    join(root, 'node_modules/@types'),
  ]);
};

const hasPython = (): boolean => {
  try {
    execFileSync('python3', ['--version']);
    return true;
  } catch {
    return false;
  }
};

async function expectToMoveThereAndBack(name: string, app: string): Promise<void> {
  const on = await Stage.set(NETWORK, { app });
  stage = on;
  const log = join(on.folder, 'instances', `${name}-0.log`);
  expect(readFileSync(log, 'utf8')).toContain(`${name}-0 serves 127.${NETWORK}.41.1:7000`);
  await fleet(on, 3, { rate: 10 });
  for (const [source, target] of [
    ['cloud', 'a1'],
    ['a1', 'cloud'],
  ] as const) {
    const moved = async () => await on.relocate(source, target, { application: name });
    const { result, figures } = await measured(on, moved);
    expect(result).toMatchObject({ outcome: 'relocated', leftovers: [] });
    expect(figures).toMatchObject(unharmed);
  }
}

describe('an application made of a template', () => {
  it('in TypeScript is moved from the cloud to a host and back, and no write is lost', async () => {
    await expectToMoveThereAndBack('notes', await packaged('typescript', tsc));
  });

  it.skipIf(!hasPython())(
    'in Python is moved from the cloud to a host and back (skipped where there is no python3)',
    async () => {
      await expectToMoveThereAndBack('notes-py', await packaged('python', () => undefined));
    },
  );
});
