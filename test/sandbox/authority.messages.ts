import { decision } from '../../sandbox/application/handover.ts';
import type { Effect, Event, EventOf, Peer } from '../../sandbox/application/messages.ts';
import { behind } from '../../sandbox/application/promise.ts';
import type { State } from '../../sandbox/application/state.ts';

export type Message =
  | { readonly to: Peer; readonly event: Event }
  /** What the source does by itself: it copies ahead; it repeats its decision, with everything. */
  | { readonly to: Peer; readonly copyAhead: string }
  | { readonly to: Peer; readonly repeat: string }
  /** An instance that is nobody's authority dies and is started again: it knows nothing. */
  | { readonly to: Peer; readonly restart: true }
  /** The instance said that it may go, and is taken away; or, with somebody who is in no hurry, later. */
  | { readonly to: Peer; readonly remove: true };

/**
 * What whoever relocates asks. An undo is a `settle` at the source; what follows from its answer follows by itself. The
 * target's instance was `made` for this relocation and is asked to go in the end, or is `shared` and stays.
 */
export function relocation(source: Peer, target: Peer, users: string, instance = 'made'): Message[] {
  const name = `${source}>${target}>${instance}`;
  return [
    { to: source, event: { kind: 'promise', id: -1, relocation: name, users, target } },
    { to: target, event: { kind: 'copy', id: -1, relocation: name, users, source, chunk: [] } },
    { to: source, event: { kind: 'handOver', id: -1, relocation: name, target, at: 0 } },
    { to: source, event: { kind: 'settle', id: -1, relocation: name, users, retired: false } },
  ];
}

/** The end of a relocation, or of its undo: the instance is asked whether it may be taken away. */
export const retirement = (at: Peer, name = 'its own'): Message => ({
  to: at,
  event: { kind: 'retire', id: -1, relocation: name },
});

/** What an instance may do at any time: the freeze limit passes, it copies ahead, it repeats its decision. */
export const ownMoves = (state: State, self: Peer): Message[] => [
  ...(state.retiring?.final === false
    ? [{ to: self, event: { kind: 'farewellLimit', number: state.retiring.number } } as const]
    : []),
  ...[...state.relocations].flatMap(([name, known]): Message[] => {
    if (known.phase === 'handedOver' && !known.committed) return [{ to: self, repeat: name }];
    if (known.phase !== 'promised') return [];
    if (known.freeze === null) return [{ to: self, copyAhead: name }];
    return [{ to: self, event: { kind: 'limit', relocation: name, number: known.freeze.number } }];
  }),
];

/** The messages that follow from a message. */
export function answersTo(message: Message, effects: readonly Effect[], state: State): Message[] {
  if ('copyAhead' in message) {
    const ahead = behind(state, message.copyAhead, 10);
    return ahead === null ? [] : [{ to: ahead.to, event: { kind: 'copy', id: -1, ...ahead.copy } }];
  }
  if ('repeat' in message) {
    const whole = decision(state, message.repeat, true);
    return whole === null ? [] : [{ to: whole.to, event: { kind: 'commit', id: -1, ...whole.commit } }];
  }
  return 'event' in message ? effects.flatMap((effect) => follows(message.to, message.event, effect, state)) : [];
}

function follows(self: Peer, event: Event, effect: Effect, state: State): Message[] {
  if (effect.kind === 'prepare') return [{ to: effect.to, event: { kind: 'prepare', id: -1, ...effect.prepare } }];
  if (effect.kind === 'commit') {
    const bare = decision(state, effect.relocation, false);
    return bare === null ? [] : [{ to: bare.to, event: { kind: 'commit', id: -1, ...bare.commit } }];
  }
  if (effect.kind === 'tell') return [{ to: effect.to, event: { kind: 'leaving', id: -1, ...effect.leaving } }];
  if (effect.kind === 'left') return [{ to: effect.to, event: { kind: 'left', id: -1, instance: self } }];
  if (effect.kind === 'refuse' && event.kind === 'prepare')
    return [prepared(event, effect.refused === 'Incomplete' ? 'incomplete' : 'refused')];
  return effect.kind === 'answer' ? answered(self, event, effect.body) : [];
}

function answered(self: Peer, event: Event, body: object | null): Message[] {
  if (event.kind === 'prepare') return [prepared(event, 'yes')];
  if (event.kind === 'copy' && event.chunk.length > 0) {
    const { relocation: name, source, chunk } = event;
    return [{ to: source, event: { kind: 'copied', relocation: name, target: self, entries: chunk } }];
  }
  if (event.kind === 'leaving') return [hearing(self, event, body)];
  if (event.kind === 'retire' || event.kind === 'heard')
    return body !== null && 'retires' in body && body.retires === true ? [{ to: self, remove: true }] : [];
  if (event.kind !== 'commit' && event.kind !== 'settle') return [];
  const [source = '', target = '', instance] = event.relocation.split('>');
  if (event.kind === 'commit')
    return [{ to: source, event: { kind: 'committed', relocation: event.relocation, number: event.number } }];
  // The undo asks the source first; only when that has kept its users is the target settled, and then it goes.
  if (body === null || !('settlement' in body) || body.settlement !== 'kept') return [];
  if (self === source) return [{ to: target, event }];
  return instance === 'made' ? [retirement(target, event.relocation)] : [];
}

/** Of one that is gone: nobody listens there any more. */
export const hearing = (peer: Peer, { instance, number }: EventOf<'leaving'>, body: object | null): Message => {
  const peers = body !== null && 'peers' in body ? (body.peers as Peer[]) : [];
  return { to: instance, event: { kind: 'heard', number, peer, peers } };
};

const prepared = (
  { relocation: name, source, number }: EventOf<'prepare'>,
  answer: 'yes' | 'incomplete' | 'refused',
): Message => ({ to: source, event: { kind: 'prepared', relocation: name, number, answer, at: 0 } });
