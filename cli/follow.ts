import { isDeepStrictEqual } from 'node:util';
import type { Relocation } from '../api/resources.ts';
import type { FerryClient } from './client.ts';
import { type Exit, exits } from './exits.ts';
import { Patience, streamed } from './patience.ts';
import { Progress } from './progress.ts';
import type { Terminal } from './terminal.ts';

/** Nothing will happen any more without a person. */
export const rests = ({ state }: Relocation): boolean => ['ended', 'terminated', 'parked'].includes(state);

interface Following {
  readonly signal?: AbortSignal;
  /** When it returns. */
  readonly rest?: (relocation: Relocation) => boolean;
  /** Of each change. */
  readonly told?: (relocation: Relocation) => void;
}

/** Whatever a person does then, it does not come to this state any more. */
const BEYOND: Partial<Record<Relocation['state'], readonly Relocation['state'][]>> = {
  held: ['rollingBack', 'parked'],
};

/** Until that state, whatever a person has to do before; or until it can come to it no more. */
export const reaches =
  (until: Relocation['state']) =>
  (relocation: Relocation): boolean => {
    const { state } = relocation;
    return state === until || (rests(relocation) && state !== 'parked') || BEYOND[until]?.includes(state) === true;
  };

/** Shows a relocation while it runs, over broken streams; returns when it rests: ended, terminated or parked. */
export async function follow(
  client: FerryClient,
  id: string,
  terminal: Terminal,
  { signal = new AbortController().signal, rest = rests, told }: Following = {},
): Promise<Relocation> {
  const progress = new Progress(terminal);
  let last: Relocation | undefined;
  const changes = streamed((heard) => client.events(id, signal, heard), new Patience(terminal, client), signal);
  try {
    for await (const relocation of changes) {
      if (terminal.format === 'jsonl' && !isDeepStrictEqual(relocation, last)) terminal.document(relocation);
      last = relocation;
      progress.show(relocation);
      told?.(relocation);
      if (rest(relocation)) return relocation;
    }
  } finally {
    progress.end();
  }
  throw new TypeError('what is streamed ends by throwing alone');
}

/** The users are at the target: also when the source stays as a relay, or was lost. */
const atTarget = ['relocated', 'relocatedSourceKept', 'recovered'];

export const exitOf = ({ state, outcome }: Relocation): Exit => {
  if (state === 'parked') return exits.parked;
  return outcome !== null && atTarget.includes(outcome) ? exits.done : exits.notThrough;
};
