import { readContexts } from './contexts.ts';
import { Unnamed } from './problem.ts';

export const DEFAULT_API = 'http://127.0.0.1:8700';

/** What says which Ferry is asked. */
export interface Said {
  /** `--api` */
  readonly api?: string | undefined;
  /** `--context` */
  readonly context?: string | undefined;
}

/** There is no context of that name. */
export class NoContext extends Unnamed {
  constructor(name: string, known: readonly string[]) {
    super(
      known.length === 0
        ? `no context is called ${name}, nor anything else: \`ferry context set ${name} --api <url>\` makes it`
        : `no context is called ${name}: there are ${known.join(', ')}`,
    );
  }
}

/**
 * What was typed wins, then the environment (FERRY_API before FERRY_CONTEXT), then the context that is current, then this
 * machine. The file is read only where it decides: one that is broken stops nobody who says where to ask.
 */
export function targetOf({ api, context }: Said, environment: NodeJS.ProcessEnv = process.env): string {
  const { FERRY_API = '', FERRY_CONTEXT = '' } = environment;
  if (api !== undefined) return api;
  if (context === undefined && FERRY_API !== '') return FERRY_API;
  const { current, contexts } = readContexts();
  const name = context ?? (FERRY_CONTEXT === '' ? current : FERRY_CONTEXT);
  if (name === null) return DEFAULT_API;
  const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (found === undefined) throw new NoContext(name, Object.keys(contexts));
  return found.api;
}
