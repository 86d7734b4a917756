import type { State } from './state.ts';

/** Counts the events that MEC services tell this instance; those of users it does not serve are ignored. */
export class Notifications {
  readonly #state: State;
  readonly count = { received: 0, forUsersServed: 0 };

  constructor(state: State) {
    this.#state = state;
  }

  received(notification: unknown): void {
    this.count.received += 1;
    const addresses = associated(notification);
    for (const { role, address } of this.#state.users.values())
      if (role === 'authority' && address !== null && addresses.includes(address)) this.count.forUsersServed += 1;
  }
}

/** MEC 012: associateId [{type, value}]. */
function associated(notification: unknown): unknown[] {
  const { associateId } = (notification ?? {}) as { associateId?: unknown };
  return Array.isArray(associateId)
    ? associateId.map((associate) => (associate as { value?: unknown } | null)?.value)
    : [];
}
