import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Configuration, Pace, parseConfiguration } from '../../configuration/peers.ts';
import { Relocation } from '../../api/resources.ts';
import { actionsOf } from '../../domain/actions.ts';
import { Plan, RelocationResult } from '../../domain/relocation.ts';
import { needsPerson, waits } from '../../domain/waits.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';

const root = new URL('../../', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, root), 'utf8');
const operations = read('docs/operations.md');
const federation = read('docs/federation.md');
const readme = read('README.md');

const quoted = (text: string): Set<string> =>
  new Set([...text.replaceAll(/```[^]*?```/g, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code));

/** The names of all properties, at any depth. */
function membersOf(schema: unknown): string[] {
  if (schema === null || typeof schema !== 'object') return [];
  return Object.entries(schema).flatMap(([keyword, value]: [string, unknown]) =>
    keyword === 'properties' && value !== null && typeof value === 'object'
      ? Object.entries(value).flatMap(([name, member]) => [name, ...membersOf(member)])
      : membersOf(value),
  );
}

describe('docs/operations.md, and docs/federation.md for what only a federation has,', () => {
  const variables = [...read('configuration/environment.ts').matchAll(/\bFERRY_[A-Z_]+\b/g)].map(([name]) => name);

  it('name every environment variable', () => {
    expect(variables.length).toBeGreaterThan(6);
    expect(variables.filter((name) => !quoted(operations + federation).has(name))).toStrictEqual([]);
  });

  it('show a configuration file that is valid', () => {
    const [, example = ''] = /```json\n([^]*?)```/.exec(operations) ?? [];
    expect(Object.keys(parseConfiguration(example).sites)).toStrictEqual(['host-1', 'central']);
    expect(JSON.parse(read('ferry.example.json'))).toEqual(JSON.parse(example));
  });

  it('name every member of the configuration file', () => {
    const members = membersOf(z.toJSONSchema(Configuration, { io: 'input' }));
    expect(members).toEqual(
      expect.arrayContaining(['world', 'collection', 'resolverClampSeconds', 'country', 'retryMs']),
    );
    const named = new Set([...quoted(operations), ...quoted(federation)].flatMap((code) => code.split(/[.*]+/)));
    expect(members.filter((name) => !named.has(name))).toStrictEqual([]);
  });

  it('show answers of the API as they are', () => {
    const [, section = ''] = /## One relocation with curl\n([^]*?)\n## /.exec(operations) ?? [];
    const shown = [...section.matchAll(/```json\n([^]*?)```/g)].map(
      ([, json = '']) => JSON.parse(json.replaceAll(/, "…": "…"/g, '')) as Record<string, unknown>,
    );
    const [plan, begun, held, over] = shown;
    Plan.strict().parse(plan);
    for (const example of [begun, held, over])
      Relocation.partial()
        .strict()
        .parse({ ...example, waitingFor: null, result: null });
    RelocationResult.partial().strict().parse(over?.['result']);
    const status = { step: 'copyAhead', since: '', until: null, recoverable: true, failure: null } as const;
    expect(held?.['actions']).toStrictEqual(actionsOf({ state: 'held', ...status }));
    const still = { pausing: false, cancelling: false, cancellable: true } as const;
    expect(begun?.['actions']).toStrictEqual(actionsOf({ state: 'working', step: 'check', since: '', ...still }));
  });

  it('has macOS make every address that the sandbox binds', () => {
    const [, made = ''] = /for third in ([\d ]+);/.exec(operations) ?? [];
    const sources = readdirSync(new URL('sandbox/', root), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => read(`sandbox/${file}`))
      .join('\n');
    const bound = [...sources.matchAll(/127\.\$\{[^}]*net\}\.(\d+)/g)].map(([, third = '']) => third);
    expect(bound.length).toBeGreaterThan(20);
    expect(made.split(' ')).toEqual(expect.arrayContaining(bound));
  });

  it('name every word by which what waits is found in the index', () => {
    const named = quoted(operations);
    expect([...waits, ...needsPerson].filter((word) => !named.has(word))).toStrictEqual([]);
  });

  it('tells of each patience how long it is', () => {
    const [, table = ''] = /\*\*Pace\*\*[^|]*([^]*?)\n\n/.exec(operations) ?? [];
    const told = [...table.matchAll(/^\| `(\w+)` \| ([\d,]+) \|/gm)].map(([, name = '', ms = '']) => [
      name,
      Number(ms.replaceAll(',', '')),
    ]);
    expect(Object.fromEntries(told)).toStrictEqual(Pace.parse({}));
  });

  it('name every search attribute', () => {
    expect(Object.values(searchAttributes).filter(({ name }) => !operations.includes(name))).toStrictEqual([]);
  });

  it('show pictures that are there', () => {
    for (const [, file = ''] of operations.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g))
      expect(read(`docs/${file}`).length).toBeGreaterThan(1_000);
  });
});

describe('README.md and docs/operations.md', () => {
  const groups = readdirSync(new URL('cli/groups/', root)).map((file) => read(`cli/groups/${file}`));
  const commands = [
    ...groups.join('\n').matchAll(/(?:command|asking|requesting|about)\(\s*['`](\w+)|^ {2}\['(\w+)', '/gm),
  ]
    .map(([, command, action]) => command ?? action ?? '')
    .filter((name) => name !== '');

  it('name every command of ferry', () => {
    expect(commands).toEqual(
      expect.arrayContaining(['up', 'sandbox', 'relocate', 'plan', 'list', 'peers', 'where', 'retry']),
    );
    expect(commands.filter((name) => !new RegExp(`\\b${name}\\b`).test(`${readme}${operations}`))).toStrictEqual([]);
  });
});

it('the licence that package.json names is there', () => {
  expect(JSON.parse(read('package.json'))).toMatchObject({ license: 'Apache-2.0' });
  expect(read('LICENSE')).toMatch(/Apache License\s+Version 2\.0[^]*END OF TERMS AND CONDITIONS/);
});
