import { patched, upsertMemo, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { searchAttributes } from '../../temporal/search-attributes.ts';

type Attribute = 'application' | 'source' | 'target';

/**
 * Whoever starts a run past the API, as the Temporal UI offers, gives it no memo and nothing to be found by: it writes down
 * itself what it is about, so that it is listed, shown and heard like any other.
 */
export function toldByHand(
  memo: Readonly<Record<string, unknown>> & { readonly request: object },
  found: Readonly<Partial<Record<Attribute, string>>>,
): void {
  if (workflowInfo().memo?.['request'] !== undefined || !patched('what-was-begun-by-hand-is-told')) return;
  upsertMemo({ ...memo });
  upsertSearchAttributes(
    Object.entries(found).map(([name, value]) => ({ key: searchAttributes[name as Attribute], value })),
  );
}
