import type { Evacuation } from '../api/evacuation.ts';
import type { Hold } from '../api/hold.ts';
import type { Waiting } from '../api/northbound/table/waiting.ts';
import type { Fencing } from '../api/northbound/table/fences.ts';
import type { FederationDirection, FederationWith, Relocation } from '../api/resources.ts';
import type { FerryClient } from './client.ts';
import { standing as standingOf } from './evacuating.ts';
import { shortId } from './hints.ts';
import { legible } from './legible.ts';
import { Patience, streamed } from './patience.ts';
import { standing, subject } from './relocation-text.ts';
import type { Terminal } from './terminal.ts';

/** A line for each relocation that runs, each host of which something is said, and each partner, and one whenever that changes; over broken streams, for ever. */
export async function followAll(client: FerryClient, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const said = new Map<string, string>();
  let read: string | undefined;
  let greeted = !terminal.alive;
  const events = streamed((heard) => client.everything(read, signal, heard), new Patience(terminal, client), signal);
  for await (const { id, event = '', data } of events) {
    read = id ?? read;
    if (event === 'sources' && !greeted) {
      greeted = true;
      terminal.tell(terminal.paint('dim', `${restOf(said)}What changes is told here; Ctrl-C ends it.`));
    }
    const told = toldOf(event, JSON.parse(data));
    if (told === undefined || said.get(told.of) === told.line) continue;
    const first = !said.has(told.of);
    said.set(told.of, told.line);
    if (first && told.over) continue; // of what ended before, `ferry list` tells
    if (terminal.json) terminal.document({ event, data: JSON.parse(data) as unknown });
    else terminal.tell(`${terminal.paint('dim', new Date().toTimeString().slice(0, 8))}  ${told.line}`);
  }
}

/** Partners are always told of. */
const restOf = (said: ReadonlyMap<string, string>): string =>
  [...said.keys()].every((of) => of.startsWith('partner ')) ? 'Nothing is under way. ' : '';

interface ToldOf {
  readonly of: string;
  readonly line: string;
  readonly over: boolean;
}

function toldOf(event: string, data: unknown): ToldOf | undefined {
  if (event === 'relocation') {
    const relocation = data as Relocation;
    const failure = relocation.state === 'parked' ? (relocation.waitingFor?.lastFailure ?? null) : null;
    const why = failure === null ? '' : ` (${failure})`;
    const line = `${subject(relocation)}  ${standing(relocation)}${why}`;
    return { of: relocation.id, line, over: relocation.endedAt !== null };
  }
  if (event === 'federation') {
    const { partner, uses, serves } = data as FederationWith;
    return {
      of: `partner ${partner}`,
      line: `${partner}  uses: ${usable(uses)}, serves: ${usable(serves)}`,
      over: false,
    };
  }
  if (event === 'waiting' || event === 'waitsNoMore') return waitTold(event, data as Pick<Waiting, 'kind' | 'id'>);
  if (event !== 'sources') return hostTold(event, data);
  const { temporal } = data as { temporal: { answers: boolean } | null };
  const away = temporal?.answers === false;
  return { of: 'sources', line: away ? 'Temporal does not answer' : 'Temporal answers', over: !away };
}

/** Of what nothing else is told here. */
const OTHERS: readonly Waiting['kind'][] = ['anchor', 'follower'];

function waitTold(event: string, data: Pick<Waiting, 'kind' | 'id'> & Partial<Waiting>): ToldOf | undefined {
  const { kind, id, about = '', state, waitingFor } = data;
  if (!OTHERS.includes(kind)) return undefined;
  const over = event === 'waitsNoMore';
  const why = waitingFor?.lastFailure ?? waitingFor?.what ?? '';
  const line = over ? `${kind} ${shortId(id)}  goes on` : `${kind} ${legible(about)}  ${state} (${legible(why)})`;
  return { of: `${kind} ${id}`, line, over };
}

/** Hosts that are emptied, held, or were taken to be dead. */
function hostTold(event: string, data: unknown): ToldOf | undefined {
  if (event === 'evacuation') {
    const now = data as Evacuation;
    return { of: now.id, line: `empty ${now.request.site}  ${standingOf(now)}`, over: now.endedAt !== null };
  }
  if (event === 'fence') {
    const { id, application, source, state, result, endedAt } = data as Fencing;
    const line = `fence ${application} at ${source}  ${result?.outcome ?? state ?? 'not known'}`;
    return { of: `fence ${id}`, line, over: endedAt !== null };
  }
  if (event !== 'hold' && event !== 'reopened') return undefined;
  const { site, why = '' } = data as Pick<Hold, 'site'> & Partial<Hold>;
  const line = `hold ${site}  ${event === 'hold' ? `held${why === '' ? '' : `: ${legible(why)}`}` : 'reopened'}`;
  return { of: `hold ${site}`, line, over: event === 'reopened' };
}

const usable = ({ usable: is, problem }: FederationDirection): string =>
  is ? 'yes' : `no${problem === null ? '' : ` (${problem})`}`;
