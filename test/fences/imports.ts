import { posix } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import { rooms } from './rooms.ts';

interface Import {
  readonly from: string;
  readonly line: number;
  readonly typeOnly: boolean;
}

const known = new Map<string, readonly Import[]>();

/** Every import of a source, however it is written. Several ask of the same one, which is parsed once. */
export function importsOf(file: string, source: string): readonly Import[] {
  const which = `${file}\n${source}`;
  const found = known.get(which) ?? parsed(file, source);
  known.set(which, found);
  return found;
}

function parsed(file: string, source: string): readonly Import[] {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const found: Import[] = [];
  const add = ({ value, start }: { value: unknown; start: number }, typeOnly: boolean): void => {
    found.push({ from: String(value), line: source.slice(0, start).split('\n').length, typeOnly });
  };
  new Visitor({
    // `import { type A }` is kept at run time, as `import {}`.
    ImportDeclaration: ({ source: from, importKind }) => add(from, importKind === 'type'),
    ExportAllDeclaration: ({ source: from, exportKind }) => add(from, exportKind === 'type'),
    ExportNamedDeclaration: ({ source: from, exportKind }) => from !== null && add(from, exportKind === 'type'),
    TSImportType: ({ source: from }) => add(from, true),
    ImportExpression: ({ source: from }) =>
      add(from.type === 'Literal' ? from : { value: 'what is known at run time only', start: from.start }, false),
  }).visit(program);
  return found;
}

/** What of a source the table does not allow; one sentence each. The file is a path from the project's root. */
export function trespasses(file: string, source: string): readonly string[] {
  const [name = '', ...inside] = file.split('/');
  const room = rooms[name];
  if (room === undefined) return [`${file} is in no room of the table`];
  const runs = [...room.runs, ...(room.files?.[inside.join('/')] ?? [])];
  return importsOf(file, source).flatMap(({ from, line, typeOnly }) => {
    const ours = from.startsWith('.');
    const target = ours ? posix.join(posix.dirname(file), from) : from;
    const allowed = [name, ...runs, ...(typeOnly ? (room.types ?? []) : [])].filter((entry) => isOurs(entry) === ours);
    return allowed.some((entry) => covers(entry, target))
      ? []
      : [`${file}:${line} imports ${target}${typeOnly ? ' as types' : ''}. ${room.because}`];
  });
}

/** `dist`: what was built of them. */
export const isOurs = (entry: string): boolean =>
  entry.startsWith('dist/') || entry.startsWith('test/') || Object.hasOwn(rooms, entry.split('/')[0] ?? '');

const covers = (entry: string, target: string): boolean =>
  entry.endsWith('*')
    ? target.startsWith(entry.slice(0, -1))
    : target === entry || (Object.hasOwn(rooms, entry) && target.startsWith(`${entry}/`));
