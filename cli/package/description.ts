import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { Name } from '../../domain/name.ts';
import { type Problem, shown } from './problem.ts';

/** What a provider says of his application: `application.yaml` in its folder. */
export const FILE = 'application.yaml';

const Text = z.string().min(1);
/** What a host tells every instance itself. */
const RESERVED = ['INSTANCE_ID', 'HOST', 'PORT', 'MANAGEMENT_PORT', 'PLATFORM_URL', 'DATA_DIR'];
const Variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/);

export const Description = z.strictObject({
  name: Name,
  id: Text,
  provider: Text,
  version: Text,
  descriptorVersion: Text.default('1.0'),
  description: Text,
  domainName: z.hostname(),
  ttlSeconds: z.int().positive().default(30),
  start: z.strictObject({ command: z.array(Text).min(1), environment: z.record(Variable, z.string()).default({}) }),
  files: z.array(Text).min(1),
  requires: z.array(z.strictObject({ name: Text, version: Text })).default([]),
});
export type Description = z.infer<typeof Description>;

/** In words, by member; of a list: of each that is in it. */
const meanings: Readonly<Record<string, string>> = {
  name: 'a name of letters, digits, dot, dash and underscore, at most 63',
  id: 'a text: the id of the descriptor (appDId), the same for ever',
  provider: 'a text: who provides it',
  version: 'a text: of the software, such as "1.0.0"',
  descriptorVersion: 'a text: of the descriptor, such as "1.0"',
  description: 'a text for people',
  domainName: 'the name by which clients find it, such as notes.example.com',
  ttlSeconds: 'a whole number of seconds: how long resolvers may keep its address',
  start: 'how an instance is started: command, and perhaps environment',
  'start.command': 'a program and its arguments, as a list such as [node, app.js]',
  'start.environment': 'names of letters, digits and underscore, and a text for each',
  files: 'a list of files and folders that belong to it',
  requires: 'a list of services that it cannot do without, each with name and version',
  'requires.name': 'the name of a service (MEC 011, serName), such as RNIS',
  'requires.version': 'a text: the version of the service',
};

/** It, with the line of each member; or what is wrong with it. */
export type Read =
  | { readonly description: Description; readonly line: (...path: (string | number)[]) => number | null }
  | { readonly problems: readonly Problem[] };

export function readDescription(text: string): Read {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const lineAt = (offset: number | undefined): number | null =>
    offset === undefined ? null : lines.linePos(offset).line;
  const [error] = document.errors;
  if (error !== undefined) {
    const seen = (error.message.split('\n')[0] ?? '').replace(/:$/, '');
    const remedy = 'Correct that line: a text with a colon in it, or a number that is meant as a text, is quoted.';
    return { problems: [{ ...whole, line: lineAt(error.pos[0]), expected: 'YAML', seen, remedy }] };
  }
  /** Of the key where there is one: of what is missing, that of the map in which it belongs. */
  const line = (...path: (string | number)[]): number | null => {
    const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
    const last = path.at(-1);
    const pair = isMap(parent)
      ? parent.items.find((item) => isPair(item) && String(item.key) === String(last))
      : undefined;
    const node = isNode(pair?.key) ? pair.key : document.getIn(path, true);
    if (isNode(node)) return lineAt(node.range?.[0]);
    return path.length > 1 ? line(...path.slice(0, -1)) : null;
  };
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  const parsed = Description.safeParse(value);
  const problems = (parsed.error?.issues ?? []).flatMap((issue) =>
    problemsOf(issue, (path) => document.getIn(path, true), line),
  );
  const reserved = RESERVED.filter((name) => Object.hasOwn(parsed.data?.start.environment ?? {}, name));
  for (const name of reserved)
    problems.push({
      ...whole,
      member: `start.environment.${name}`,
      line: line('start', 'environment', name),
      expected: 'variables of your own',
      seen: name,
      remedy: 'Remove it: the host tells every instance that one itself.',
    });
  return parsed.data === undefined || problems.length > 0 ? { problems } : { description: parsed.data, line };
}

const whole = { file: FILE, line: null, member: null } as const;

type Path = (string | number)[];

function problemsOf(
  issue: z.core.$ZodIssue,
  nodeAt: (path: Path) => unknown,
  line: (...path: Path) => number | null,
): Problem[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      ...whole,
      line: line(...path, key),
      expected: `no other members than ${known(path).join(', ')}`,
      seen: [...path, key].join('.'),
      remedy: 'Remove it, or correct its spelling.',
    }));
  const node = path.length === 0 ? undefined : nodeAt(path);
  const value: unknown = isNode(node) ? node.toJSON() : node;
  const member = path.join('.');
  const about = path.filter((part) => typeof part === 'string');
  const expected =
    meanings[about.join('.')] ?? meanings[about.slice(0, -1).join('.')] ?? `a map of ${known([]).join(', ')}`;
  const isNumber = typeof value === 'number' && issue.code === 'invalid_type' && issue.expected === 'string';
  const remedy = isNumber
    ? `Put it in quotes: "${isScalar(node) ? node.source : value}".`
    : value === undefined
      ? `Add ${member === '' ? 'them' : member}.`
      : 'Correct it.';
  return [
    { ...whole, member: member === '' ? null : member, line: line(...path), expected, seen: shown(value), remedy },
  ];
}

const known = (path: Path): string[] =>
  path[0] === 'start'
    ? ['command', 'environment']
    : path[0] === 'requires'
      ? ['name', 'version']
      : Object.keys(Description.shape);
