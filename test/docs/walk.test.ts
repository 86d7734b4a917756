import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { northboundTable } from '../../api/northbound/table.ts';
import { Relocation } from '../../api/resources.ts';
import { Plan, RelocationRequest, RelocationResult } from '../../domain/relocation.ts';

const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
const walk = page.slice(page.indexOf('## One relocation with curl'), page.indexOf('## What to look at'));
const calls = [...walk.matchAll(/```sh\n([^]*?)```/g)].map(([, code = '']) => code);
const answers = [...walk.matchAll(/```json\n([^]*?)```/g)].map(([, code = '']) => JSON.parse(code) as object);

/** What is left out is written as `"…": "…"`. */
const membersOf = (told: object): string[] => Object.keys(told).filter((name) => name !== '…');

describe('the relocation that docs/operations.md walks through with curl', () => {
  it('asks for what the API takes', () => {
    const bodies = calls.flatMap((call) => [...call.matchAll(/-d '([^']*)'/g)].map(([, body = '']) => body));
    expect(bodies).toHaveLength(2);
    for (const body of bodies) expect(RelocationRequest.safeParse(JSON.parse(body)).error).toBeUndefined();
  });

  it('asks at paths that there are', () => {
    const paths = Object.values(northboundTable).map(({ path }): string => path.replace('{id}', '$ID'));
    const asked = calls.flatMap((call) => [...call.matchAll(/:8700(\/[\w/$]+)/g)].map(([, path = '']) => path));
    expect(asked.length).toBeGreaterThan(4);
    expect(asked.filter((path) => !paths.includes(path))).toStrictEqual([]);
  });

  it('shows a whole plan', () => {
    expect(Plan.strict().safeParse(answers[0]).error).toBeUndefined();
  });

  it('shows members that a relocation and its result have', () => {
    const relocations = answers.slice(1);
    expect(relocations).toHaveLength(3);
    for (const told of relocations)
      expect(Object.keys(Relocation.shape)).toEqual(expect.arrayContaining(membersOf(told)));
    const { result } = relocations.at(-1) as { result: object };
    expect(Object.keys(RelocationResult.shape)).toEqual(expect.arrayContaining(membersOf(result)));
  });
});
