import { setTimeout as pause } from 'node:timers/promises';
import { ALL, type Peer, type State } from './state.ts';
import { tell } from './wire.ts';

/** May this instance be taken away? Only when nobody needs it, and whoever could relay to it knows where its users are. */

/** So long it tells where they are, and each of its peers may think so long about it. */
const FAREWELL_MS = 2_000;
const TELL_MS = 800;
const RETRY_MS = 200;
const LOOK_MS = 10;

export class Retirement {
  readonly #state: State;
  readonly #self: Peer;
  #farewell: Promise<object> | null = null;

  constructor(state: State, self: Peer) {
    this.#state = state;
    this.#self = self;
  }

  async retire(relocation: string): Promise<object> {
    if (this.#state.gone) return { retires: true };
    const why = this.#needed(relocation);
    if (why !== null) return { retires: false, why };
    this.#farewell ??= this.#takeLeave(relocation).finally(() => {
      this.#farewell = null;
      this.#state.leaving = false;
    });
    return await this.#farewell;
  }

  #needed(relocation: string): string | null {
    if (this.#state.served(ALL).length > 0) return 'serves';
    const others = [...this.#state.relocations].filter(([name]) => name !== relocation);
    return others.some(([, { phase }]) => phase === 'receiving') ? 'expected' : null;
  }

  async #takeLeave(relocation: string): Promise<object> {
    const state = this.#state;
    state.leaving = true;
    // Its own source has said `kept`
    if (state.relocations.get(relocation)?.phase === 'receiving') state.relocations.set(relocation, { phase: 'kept' });
    const [told, heard, arrivals] = [new Set<Peer>(), new Set<Peer>(), state.arrivals];
    for (const deadline = performance.now() + FAREWELL_MS; ; await pause(LOOK_MS)) {
      const why = this.#needed(relocation) ?? (state.arrivals === arrivals ? null : 'expected');
      if (why !== null) return { retires: false, why };
      const given = [...state.relocations.values()].filter((known) => known.phase === 'handedOver');
      const peers = given.length > 0 ? [...state.peers] : []; // else nobody relies on it
      const unheard = given.some(({ committed }) => !committed);
      if (!unheard && peers.every((peer) => heard.has(peer))) {
        state.gone = true; // decided at the very moment at which it was looked at
        for (const peer of heard) void tell(peer, '/transfer/v1/left', { instance: this.#self });
        return { retires: true };
      }
      if (performance.now() > deadline) return { retires: false, why: unheard ? 'serves' : 'pointedTo' };
      for (const peer of peers.filter((one) => !told.has(one))) {
        told.add(peer);
        void this.#tell(peer, heard);
      }
    }
  }

  async #tell(peer: Peer, heard: Set<Peer>): Promise<void> {
    const users = [...this.#state.users].flatMap(([user, { epoch, to }]) =>
      epoch > 0 && to !== null ? [{ user, epoch, to }] : [],
    );
    while (this.#state.leaving) {
      const leaving = { instance: this.#self, number: 1, users, peers: [...this.#state.peers] };
      const { status, body, refused } = await tell(peer, '/transfer/v1/leaving', leaving, TELL_MS);
      if (status === 200 || refused) {
        heard.add(peer);
        this.#meet(body['peers']);
        return;
      }
      await pause(RETRY_MS);
    }
  }

  #meet(peers: unknown): void {
    if (!Array.isArray(peers)) return;
    for (const peer of peers) if (typeof peer === 'string' && peer !== this.#self) this.#state.peers.add(peer);
  }

  /** Another instance is about to go, and says where those are whom it relays. Answers whom this one knows. */
  leaving(instance: Peer, users: readonly { user: string; epoch: number; to: Peer }[], peers: unknown): object {
    const state = this.#state;
    for (const { user, epoch, to } of users)
      if (state.of(user).role !== 'authority') state.learn(user, epoch, to, this.#self);
    // Who went on from there had arrived there: no need to tell that instance of a decision any more
    for (const known of state.relocations.values())
      if (known.phase === 'handedOver' && known.target === instance)
        known.committed ||= known.keys.every((key) => state.of(key).epoch > known.receipt.epoch);
    const answer = { peers: [...state.peers] };
    this.#meet(peers);
    return answer;
  }

  /** It has gone: it needs to be told nothing any more. */
  left(instance: Peer): null {
    this.#state.peers.delete(instance);
    return null;
  }
}
