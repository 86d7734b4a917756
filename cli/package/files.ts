import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type Description, FILE } from './description.ts';
import type { Problem } from './problem.ts';

/** Says how an instance is started; made by us, at the root of the image. */
export const START = 'start.json';

/** What a host of the sandbox takes. */
const MOST = { files: 900, bytes: 64 << 20 };
/** What a run or a file manager leaves behind: two packages of one folder are to be the same. */
const LEFT_OUT = /^(\..*|__pycache__)$/;
/** A word of a command that means a file of the application. */
const PROGRAM = /\.(?:[cm]?[jt]s|py|sh|jar|wasm)$/;

type Line = (...path: (string | number)[]) => number | null;

/** The files of the application by their paths, and what is wrong with them. */
export function filesOf(
  folder: string,
  { files, start }: Description,
  line: Line,
): { readonly files: ReadonlyMap<string, Buffer>; readonly problems: readonly Problem[] } {
  const found = new Map<string, Buffer>();
  const problems: Problem[] = [];
  const at = (path: (string | number)[], expected: string, seen: string, remedy: string): void =>
    void problems.push({ file: FILE, line: line(...path), member: path.join('.'), expected, seen, remedy });

  for (const [index, entry] of files.entries()) {
    const path = posix.normalize(entry.replaceAll('\\', '/')).replace(/\/$/, '');
    const member = ['files', index];
    if (posix.isAbsolute(path) || path === '..' || path.startsWith('../'))
      at(member, 'a path below this folder', entry, 'Copy it into the folder, and name it there.');
    else if (kindOf(join(folder, path)) === null)
      at(member, 'a file or folder that is there', `${entry}, which is not`, 'Build it first, or correct its name.');
    else collect(folder, path, found, problems);
  }
  if (found.has(START))
    problems.push({
      file: START,
      line: null,
      member: null,
      expected: `no file of that name: it is made of start in ${FILE}`,
      seen: 'one of yours',
      remedy: 'Give it another name.',
    });
  for (const [index, word] of start.command.entries()) {
    const path = posix.normalize(word);
    const own = kindOf(join(folder, path));
    const meant = index === 0 ? word.startsWith('./') : PROGRAM.test(word) || own === 'file';
    if (!meant || found.has(path) || posix.isAbsolute(path)) continue;
    const seen = own === null ? `${word}, which is not there` : `${word}, which is not among files`;
    at(['start', 'command', index], 'files of the package', seen, `Add it to files in ${FILE}, or correct its name.`);
  }
  const bytes = [...found.values()].reduce((sum, { length }) => sum + length, 0);
  if (found.size > MOST.files || bytes > MOST.bytes)
    at(
      ['files'],
      `at most ${MOST.files} files and 64 MiB`,
      `${found.size} files, ${bytes} bytes`,
      'Leave out what it needs not to run.',
    );
  if (found.size === 0 && problems.length === 0) at(['files'], 'at least one file', 'empty folders', 'Name its files.');
  return { files: found, problems };
}

/** Null: nothing is there. */
function kindOf(file: string): 'file' | 'folder' | 'other' | null {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  return stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : 'other';
}

function collect(folder: string, path: string, found: Map<string, Buffer>, problems: Problem[]): void {
  const kind = kindOf(join(folder, path));
  if (kind === 'file') found.set(path, readFileSync(join(folder, path)));
  else if (kind === 'folder')
    for (const name of readdirSync(join(folder, path)))
      if (!LEFT_OUT.test(name)) collect(folder, posix.join(path, name), found, problems);
  if (kind === 'other')
    problems.push({
      file: path,
      line: null,
      member: null,
      expected: 'a plain file',
      seen: 'a link, or something that is no file',
      remedy: 'Put the file itself there: a package holds no links.',
    });
}
