import type { Context } from '../../activities/ports.ts';

/**
 * An application without the contract, as a null object: nobody can ask it, so every instance of it is taken for what it would be if there
 * were nothing to ask. What that is worth as a guarantee is said in step 1.
 */
export const withoutContract: Context = {
  guarantee: 'stateless',
  state: async () => ({
    instance: '',
    role: 'authority',
    epoch: 0,
    users: [],
    promisedTo: null,
    copies: [],
    retiring: false,
    clientSeenSecondsAgo: null,
    clients: 0,
    expectedFreezeMs: 0,
  }),
  promise: async () => ({ users: 0, copied: 0 }),
  standBy: async () => undefined,
  handOver: async (_, { relocation }) => ({ relocation, epoch: null, users: 0, count: 0, of: null, freezeMs: null }),
  // There is nothing that could have been given away
  settle: async () => ({ settlement: 'kept', serves: true }),
  // Whom else it serves is never known
  // Nothing was copied that could be taken over
  supersede: async () => ({ users: 0, count: 0, kept: [] }),
  retire: async (_, { users }) => (users === '*' ? 'retires' : 'stays'),
};
