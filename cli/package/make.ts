import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Exit, exits } from '../exits.ts';
import type { Terminal } from '../terminal.ts';
import { archiveOf, type Made } from './archive.ts';
import { type Description, FILE, readDescription } from './description.ts';
import { filesOf } from './files.ts';
import { type Problem, sentence } from './problem.ts';
import { problem } from '../problem.ts';

/** What an orchestrator of the sandbox takes. */
const LARGEST = 16 << 20;

export interface PackagePlan {
  readonly folder: string;
  /** Where it goes; absent: `<name>-<version>.zip` here. */
  readonly output?: string;
}

/** Makes a package of a folder, or tells all that stands in the way. */
export async function makePackage({ folder, output }: PackagePlan, terminal: Terminal): Promise<Exit> {
  const packed = packedFrom(folder);
  if ('problems' in packed) return refused(packed.problems, terminal);
  const { description, files, archive, checksum, descriptor } = packed;
  const file = output ?? `${description.name}-${description.version.replaceAll(/[^\w.-]/g, '_')}.zip`;
  writeFileSync(file, archive);
  if (terminal.json) terminal.document({ package: resolve(file), checksum, bytes: archive.length, descriptor, files });
  terminal.tell(`${description.name} ${description.version} is packaged: ${file}

  Descriptor     ${description.id}, version ${description.descriptorVersion}
  Files          ${files.length}; an instance is started by: ${description.start.command.join(' ')}
  SHA-256        ${checksum}

Try it: ${terminal.hints.command('up', '--topology', 'alone', '--app', file, '--tour')}`);
  return exits.done;
}

type Packed = (Made & { readonly description: Description; readonly files: readonly string[] }) | Refused;
interface Refused {
  readonly problems: readonly Problem[];
}

export function packedFrom(folder: string): Packed {
  const absent = { file: FILE, line: null, member: null };
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    const remedy = 'Name the folder in which the application is.';
    return { problems: [{ ...absent, file: folder, expected: 'a folder', seen: 'none', remedy }] };
  }
  if (statSync(join(folder, FILE), { throwIfNoEntry: false })?.isFile() !== true) {
    const remedy = 'Copy one from templates/, and change what it says.';
    return { problems: [{ ...absent, expected: `it in ${folder}`, seen: 'no such file', remedy }] };
  }
  const read = readDescription(readFileSync(join(folder, FILE), 'utf8'));
  if ('problems' in read) return read;
  const { files, problems } = filesOf(folder, read.description, read.line);
  if (problems.length > 0) return { problems };
  const made = archiveOf(read.description, files);
  if (made.archive.length <= LARGEST)
    return { ...made, description: read.description, files: [...files.keys()].toSorted() };
  const seen = `${made.archive.length} bytes`;
  const [expected, remedy] = ['at most 16 MiB of package', 'Leave out what it needs not to run.'];
  return { problems: [{ ...absent, line: read.line('files'), member: 'files', expected, seen, remedy }] };
}

function refused(problems: readonly Problem[], terminal: Terminal): Exit {
  const detail = `${problems.length === 1 ? 'One problem' : `${problems.length} problems`}: nothing was written.`;
  if (terminal.json) terminal.document({ ...problem('The package is not made', detail), problems });
  for (const one of problems) terminal.tell(sentence(one));
  terminal.tell(detail);
  return exits.notThrough;
}
