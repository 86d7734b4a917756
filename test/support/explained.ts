import { CompiledQuery, type KyselyPlugin } from 'kysely';
import type { Catalogue } from '../../catalogue/database.ts';

export interface Explained {
  readonly sql: string;
  /** Pages that were looked at. */
  readonly buffers: number;
  /** Pairs of rows that were compared, and did not go together. */
  readonly compared: number;
}

interface Node {
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly Plans?: readonly Node[];
}

const comparedIn = (node: Node): number =>
  (node['Rows Removed by Join Filter'] ?? 0) * node['Actual Loops'] +
  (node.Plans ?? []).reduce((sum, each) => sum + comparedIn(each), 0);

/** What its queries cost, each explained as it was asked. */
export async function explained(
  catalogue: Catalogue,
  look: (catalogue: Catalogue) => Promise<unknown>,
): Promise<readonly Explained[]> {
  const asked: CompiledQuery[] = [];
  const recorder: KyselyPlugin = {
    transformQuery: ({ node, queryId }) => {
      asked.push(catalogue.getExecutor().compileQuery(node, queryId));
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  await look(catalogue.withPlugin(recorder));
  const all: Explained[] = [];
  for (const query of asked) {
    const plan = CompiledQuery.raw(`explain (analyze, buffers, format json) ${query.sql}`, [...query.parameters]);
    const { rows } = await catalogue.executeQuery<{ 'QUERY PLAN': [{ Plan: Node }] }>(plan);
    const { Plan: root } = (rows[0] as { 'QUERY PLAN': [{ Plan: Node }] })['QUERY PLAN'][0];
    const buffers = root['Shared Hit Blocks'] + root['Shared Read Blocks'];
    all.push({ sql: query.sql, buffers, compared: comparedIn(root) });
  }
  return all;
}
