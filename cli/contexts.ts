import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Name } from '../domain/name.ts';

/** Where Ferrys are, by names that a person gave them, and which one is meant where none is said. */
export interface Contexts {
  readonly current: string | null;
  readonly contexts: Readonly<Record<string, { readonly api: string }>>;
}

const NONE: Contexts = { current: null, contexts: {} };

/** The XDG base directory specification says where. */
export const contextsFile = ({ XDG_CONFIG_HOME = '' }: NodeJS.ProcessEnv = process.env): string =>
  join(XDG_CONFIG_HOME === '' ? join(homedir(), '.config') : XDG_CONFIG_HOME, 'ferry', 'contexts.json');

/** None where there is no file. Throws an Error that names the file where it is not what it should be. */
export function readContexts(file = contextsFile()): Contexts {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NONE;
    throw new Error(`the contexts cannot be read: ${(error as Error).message}`, { cause: error });
  }
  try {
    return checked(JSON.parse(text));
  } catch (error) {
    throw new Error(`${file} is no file of contexts (${(error as Error).message}): mend it, or remove it`, {
      cause: error,
    });
  }
}

/** Whole or not at all: two commands at once leave what one of them wrote. */
export function writeContexts(contexts: Contexts, file = contextsFile()): void {
  mkdirSync(dirname(file), { recursive: true });
  const written = `${file}.${process.pid}`;
  try {
    writeFileSync(written, `${JSON.stringify(contexts, null, 2)}\n`);
    renameSync(written, file);
  } finally {
    rmSync(written, { force: true });
  }
}

/** The address of an API, as a context may have it. */
export function apiUrl(text: string): string | undefined {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) return undefined;
  return text.replace(/\/+$/, '');
}

function checked(read: unknown): Contexts {
  const { current = null, contexts } = (read ?? {}) as { current?: unknown; contexts?: unknown };
  if (typeof contexts !== 'object' || contexts === null) throw new Error('`contexts` is missing');
  for (const [name, context] of Object.entries(contexts as Record<string, { api?: unknown } | null>)) {
    if (!Name.safeParse(name).success) throw new Error(`${JSON.stringify(name)} is no name`);
    if (typeof context?.api !== 'string' || apiUrl(context.api) === undefined)
      throw new Error(`\`api\` of ${name} is no URL`);
  }
  if (current !== null && (typeof current !== 'string' || !Object.hasOwn(contexts, current)))
    throw new Error('`current` names none of them');
  return { current, contexts: contexts as Contexts['contexts'] };
}
