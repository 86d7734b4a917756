import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../cli/main.ts';
import { Description } from '../../cli/package/description.ts';
import { Start } from '../../sandbox/image.ts';
import { validateArchive } from '../../sandbox/packages.ts';
import { checkAppPicture } from './check-app-picture.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/providers.md');
const commands = [...page.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, code = '']) => code.trim().split('\n'));

async function ferry(...argv: string[]): Promise<{ status: number; said: string }> {
  let said = '';
  const stream = { write: (text: string) => (said += text) };
  return { status: await main(argv, stream, stream), said };
}

describe('docs/providers.md', () => {
  it('types commands of ferry that there are, with options that they have', async () => {
    const typed = commands.flatMap((line) => /^npx ferry (.*)$/.exec(line)?.[1]?.split(' ') ?? []);
    const lines = commands.flatMap((line) => {
      const [, words] = /^npx ferry (.*)$/.exec(line) ?? [];
      return words === undefined ? [] : [words.split(' ')];
    });
    expect(typed).toEqual(expect.arrayContaining(['package', 'up', 'relocate']));
    for (const [command = '', ...words] of lines) {
      const { status, said } = await ferry(command, '--help');
      expect([command, status]).toEqual([command, 0]);
      expect(said).toContain(`Usage: ferry ${command} `);
      for (const word of words.filter((one) => one.startsWith('--'))) expect(said).toContain(word);
    }
  });

  it('shows what check-app says', async () => {
    const [, file = ''] = /!\[check-app[^\]]*\]\(([^)]+)\)/.exec(page) ?? [];
    expect(read(`docs/${file}`)).toBe(await checkAppPicture());
  });

  it.each(['python'])('packages the template in %s as it is', async (template) => {
    const folder = mkdtempSync(join(tmpdir(), 'providers-'));
    const output = join(folder, 'notes.zip');
    try {
      const copy = new URL(`../../templates/${template}`, import.meta.url).pathname;
      expect(await ferry('package', copy, '--file', output)).toMatchObject({ status: 0 });
      const { descriptor } = await validateArchive(readFileSync(output), {});
      expect(descriptor.appName).toBe('notes-py');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('tells every file of the contract, which templates have alike in each language', () => {
    const files = (folder: string): string[] =>
      readdirSync(new URL(`../../templates/${folder}`, import.meta.url))
        .filter((file) => /\.(py|ts)$/.test(file))
        .map((file) => file.replace(/\.\w+$/, ''));
    const table = page.slice(page.indexOf('| `contract/` |'), page.indexOf('**2. Package it.**'));
    const told = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name);
    expect(files('python/contract').toSorted()).toEqual(told.toSorted());
    expect(files('typescript/src/contract').toSorted()).toEqual(told.toSorted());
  });

  it('tells every member of application.yaml', () => {
    const table = page.slice(page.indexOf('## application.yaml'), page.indexOf('## What is in a package'));
    const cells = [...table.matchAll(/^\| ([^|]*) \|/gm)].map(([, cell = '']) => cell);
    const told = cells.flatMap((cell) => [...cell.matchAll(/`([\w.]+)`/g)].map(([, name = '']) => name));
    const members = Object.keys(Description.shape).filter((name) => name !== 'start');
    expect(told.toSorted()).toEqual([...members, 'start.command', 'start.environment'].toSorted());
  });

  it('tells every variable that an instance is given', () => {
    const given = [...read('sandbox/runner.ts').matchAll(/^ {6}([A-Z_]+): /gm)].map(([, name = '']) => name);
    const told = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name = '']) => name);
    expect(told.toSorted()).toEqual([...given, 'MANAGEMENT_TOKEN', 'PLATFORM_URL'].toSorted());
    for (const passedOn of ['PATH', 'HOME', 'LANG', 'TMPDIR']) expect(page).toContain(`\`${passedOn}\``);
  });

  it('shows a start.json that hosts take', () => {
    const [, shown = ''] = /```json\n([^]*?)```/.exec(page) ?? [];
    expect(Start.safeParse(JSON.parse(shown)).error).toBeUndefined();
  });
});
