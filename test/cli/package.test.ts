import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../cli/main.ts';
import { unpacked } from '../../sandbox/image.ts';
import { validateArchive } from '../../sandbox/packages.ts';

const template = fileURLToPath(new URL('../../templates/typescript', import.meta.url));

let folder: string;
let output: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'package-test-'));
  output = join(folder, '..', `${folder.split('/').at(-1)}.zip`);
  cpSync(join(template, 'application.yaml'), join(folder, 'application.yaml'));
  cpSync(join(template, 'package.json'), join(folder, 'package.json'));
  mkdirSync(join(folder, 'dist/contract'), { recursive: true });
  for (const file of ['dist/main.js', 'dist/contract/state.js']) writeFileSync(join(folder, file), `// ${file}\n`);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  rmSync(output, { force: true });
});

const edit = (from: string | RegExp, to: string): void => {
  const file = join(folder, 'application.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
};

interface Said {
  package: string;
  checksum: string;
  files: string[];
  problems: { file: string; line: number | null; member: string; expected: string; seen: string; remedy: string }[];
}

async function ferry(...argv: string[]): Promise<{ status: number; out: string; err: string }> {
  const told = { out: '', err: '' };
  const status = await main(argv, { write: (text) => (told.out += text) }, { write: (text) => (told.err += text) });
  return { status, ...told };
}
const packaged = async (): Promise<Said> =>
  JSON.parse((await ferry('package', folder, '--file', output, '--json')).out) as Said;
const problems = async (): Promise<string[]> =>
  ((await packaged()).problems ?? []).map(
    ({ file, line, member, expected, seen, remedy }) => `${file}:${line} ${member} | ${expected} | ${seen} | ${remedy}`,
  );

describe('ferry package', () => {
  it('makes a package that an orchestrator takes, and a host can start', async () => {
    const { checksum, files } = await packaged();
    expect(files).toEqual(['dist/contract/state.js', 'dist/main.js', 'package.json']);
    const expected = {
      checksum: { algorithm: 'SHA-256', hash: checksum },
      appDId: 'notes.example-1',
      appDVersion: '1.0',
    };
    const { descriptor, image = Buffer.of() } = await validateArchive(readFileSync(output), expected as never);
    expect(descriptor).toMatchObject({ appName: 'notes', appDNSRule: [{ domainName: 'notes.edge.example' }] });
    const place = join(folder, 'unpacked');
    expect(await unpacked(image, descriptor, place)).toEqual({ command: ['node', 'dist/main.js'], environment: {} });
    expect(readFileSync(join(place, 'dist/main.js'), 'utf8')).toBe('// dist/main.js\n');
  });

  it('makes the same bytes of the same folder, whatever was left behind in it', async () => {
    const { checksum } = await packaged();
    writeFileSync(join(folder, 'dist/.DS_Store'), 'a view');
    mkdirSync(join(folder, 'dist/__pycache__'));
    writeFileSync(join(folder, 'dist/__pycache__/main.pyc'), 'bytes');
    expect((await packaged()).checksum).toBe(checksum);
    writeFileSync(join(folder, 'dist/main.js'), '// changed\n');
    expect((await packaged()).checksum).not.toBe(checksum);
  });

  it('says where it went, and what to do next', async () => {
    const { status, out } = await ferry('package', folder, '--file', output);
    expect(status).toBe(0);
    expect(out).toContain(`notes 1.0.0 is packaged: ${output}`);
    expect(out).toMatch(
      /started by: node dist\/main\.js[^]*SHA-256 +[0-9a-f]{64}[^]*Try it: .*ferry up --topology alone --app .* --tour$/m,
    );
  });

  it('tells every problem with its line, and writes nothing', async () => {
    edit('version: 1.0.0', 'version: 1.0');
    edit('domainName: notes.edge.example', 'domainname: notes.edge.example');
    edit(/^provider.*\n/m, '');
    expect(await problems()).toEqual([
      'application.yaml:null provider | a text: who provides it | nothing | Add provider.',
      'application.yaml:4 version | a text: of the software, such as "1.0.0" | 1 | Put it in quotes: "1.0".',
      'application.yaml:null domainName | the name by which clients find it, such as notes.example.com | nothing | Add domainName.',
      expect.stringMatching(
        /^application\.yaml:6 null \| no other members than name, id, .* \| domainname \| Remove it/,
      ),
    ]);
    const { status, out } = await ferry('package', folder, '--file', output);
    expect([status, out.split('\n').length]).toEqual([1, 6]);
    expect(() => readFileSync(output)).toThrow('ENOENT');
  });

  it.each([
    [
      'what is no YAML',
      () => edit('command: [node', 'command: [[node'),
      /^application\.yaml:\d+ null \| YAML \| .+ \| Correct/,
    ],
    [
      'a text with a colon in it',
      () => edit('description: ', 'description: a counter: '),
      /^application\.yaml:\d+ null \| YAML \| [^|]+[^:|] \| Correct that line: a text with a colon in it.* is quoted/,
    ],
    [
      'a variable that the host sets',
      () => edit('files:', '  environment: { PORT: "1" }\nfiles:'),
      /:10 start\.environment\.PORT \| variables of your own \| PORT/,
    ],
    [
      'what is not built',
      () => edit('dist/main.js', 'dist/app.js'),
      /:9 start\.command\.1 \| files of the package \| dist\/app\.js, which is not there \| Add it/,
    ],
    [
      'a program that is not packaged',
      () => edit('[dist, package', '[package'),
      /:9 start\.command\.1 \| .* \| dist\/main\.js, which is not among files/,
    ],
    [
      'a file that is not there',
      () => edit('[dist', '[out, dist'),
      /:10 files\.0 \| a file or folder that is there \| out, which is not \| Build it first/,
    ],
    [
      'a path that leads out',
      () => edit('[dist', '[dist, ../../etc'),
      /:10 files\.1 \| a path below this folder \| \.\.\/\.\.\/etc/,
    ],
    [
      'a link',
      () => symlinkSync('/etc/hosts', join(folder, 'dist/hosts')),
      /^dist\/hosts:null null \| a plain file \| a link/,
    ],
    [
      'a command that is a text',
      () => edit('[node, dist/main.js]', 'node dist/main.js'),
      /:9 start\.command \| a program .* list .* \| "node dist\/main\.js" \| Correct it/,
    ],
    [
      'a name that is none',
      () => edit('notes.edge.example', 'notes edge'),
      /:7 domainName \| the name .* \| "notes edge"/,
    ],
    [
      'a file of the name that is made',
      () => {
        edit('[dist', '[start.json, dist');
        writeFileSync(join(folder, 'start.json'), '{}');
      },
      /^start\.json:null/,
    ],
    [
      'no description',
      () => rmSync(join(folder, 'application.yaml')),
      /^application\.yaml:null null \| it in .* \| no such file \| Copy one from templates/,
    ],
  ])('refuses %s', async (_, spoil, told) => {
    spoil();
    expect(await problems()).toEqual([expect.stringMatching(told)]);
  });

  it('refuses a folder that is none', async () => {
    const { status, out } = await ferry('package', join(folder, 'nowhere'));
    expect([status, out]).toEqual([1, expect.stringContaining('expected a folder, seen none')]);
  });
});
