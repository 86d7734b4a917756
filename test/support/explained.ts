import { CompiledQuery, type KyselyPlugin } from 'kysely';
import type { Catalogue } from '../../catalogue/database.ts';

export interface Explained {
  readonly sql: string;
  /** Pages that were looked at. */
  readonly buffers: number;
}

interface Plan {
  Plan: { 'Shared Hit Blocks': number; 'Shared Read Blocks': number };
}

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
    const { rows } = await catalogue.executeQuery<{ 'QUERY PLAN': [Plan] }>(plan);
    const { Plan: root } = (rows[0] as { 'QUERY PLAN': [Plan] })['QUERY PLAN'][0];
    all.push({ sql: query.sql, buffers: root['Shared Hit Blocks'] + root['Shared Read Blocks'] });
  }
  return all;
}
