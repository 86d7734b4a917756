import { isOurs } from './imports.ts';
import { type Room, rooms } from './rooms.ts';

type Pattern = { readonly message: string } & (
  | { readonly group: readonly string[] }
  | { readonly regex: string; readonly allowTypeImports: true }
);

/** An override of .oxlintrc.json. */
interface Fence {
  readonly files: readonly string[];
  readonly rules: { readonly 'no-restricted-imports': readonly ['error', { readonly patterns: readonly Pattern[] }] };
}

const fence = (file: string, those: readonly Pattern[]): Fence => ({
  files: [file],
  rules: { 'no-restricted-imports': ['error', { patterns: those }] },
});

const INTERNAL = ['@temporalio/*/lib/**'];

/** The table as oxlint reads it; of overrides for one file the last counts. */
export const fences = (): readonly Fence[] => [
  ...Object.entries(rooms).flatMap(([name, room]) => [
    fence(`${name}/**`, patterns(name, room, [])),
    ...Object.entries(room.files ?? {}).map(([file, more]) => fence(`${name}/${file}`, patterns(name, room, more))),
  ]),
  fence('test/**', [{ group: INTERNAL, message: 'What is internal to the SDK is in temporal/internals.ts.' }]),
  fence('test/support/one-sandbox.ts', [
    {
      group: [...INTERNAL, '!@temporalio/worker/lib/workflow/threaded-vm.js'],
      message: 'The thread of workflows alone.',
    },
  ]),
];

/**
 * A list of what is allowed, in the words that oxlint has: a pattern that takes something out ends the matter, and what
 * is said of types must be a `regex`, which takes nothing out.
 */
function patterns(name: string, { because: message, runs, types = [] }: Room, more: readonly string[]): Pattern[] {
  const allowed = [...runs, ...more];
  const shut = Object.keys(rooms).filter((room) => ![name, ...allowed, ...types].includes(room));
  return [
    { group: allowed.flatMap(without), message },
    ...(types.length > 0 ? [{ regex: types.map(expression).join('|'), allowTypeImports: true as const, message }] : []),
    { group: ['*', '!./**', '!../**', ...shut.flatMap(matching), ...types.flatMap(without)], message },
  ];
}

/** Rooms and their files are somewhere on the way; `*` stops at a slash here. */
function matching(entry: string): readonly string[] {
  if (isOurs(entry)) return [Object.hasOwn(rooms, entry) ? `**/${entry}/**` : `**/${entry}`];
  return entry.endsWith('*') ? [entry, `${entry}/**`] : [entry];
}
const without = (entry: string): readonly string[] => matching(entry).map((pattern) => `!${pattern}`);
const expression = (entry: string): string => (isOurs(entry) ? `/${entry}/` : `^${entry}$`);
