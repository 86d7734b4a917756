import { done, type Heard, ok, refused, type Reply } from './exchange.ts';
import { type Instance, type World, WRITES } from './world.ts';

const BASE = '/relocation/v1/';

/** An instance that keeps the application contract: its one user moves with all that it has. */
export function application(world: World) {
  const other = (json: Heard['json'], member: string): Instance | undefined =>
    world.at((json[member] as { host?: string } | null | undefined)?.host ?? '');

  const answers: Readonly<Record<string, (self: Instance, json: Heard['json'], relocation: string) => Reply>> = {
    state: (self) => ok(stateOf(self)),

    promise: (self, json, relocation) => {
      if (self.promisedTo !== null && self.promisedTo !== relocation)
        return refused(409, 'promised to another relocation', 'PromisedElsewhere');
      self.promisedTo = relocation;
      return ok({ users: 1, copied: json['target'] == null ? 0 : 1 });
    },

    copy: (self, _json, relocation) => {
      self.introduced = relocation;
      return done;
    },

    handOver: (self, json, relocation) => {
      const target = other(json, 'target');
      if (target === undefined) return refused(504, 'the target does not answer', 'TargetSilent');
      if (self.role === 'authority') {
        Object.assign(target, { role: 'authority', epoch: self.epoch + 1, introduced: null });
        Object.assign(self, { role: 'relay', promisedTo: null });
        self.settled.set(relocation, 'handedOver');
      }
      return ok({ relocation, epoch: target.epoch, users: 1, count: WRITES, of: null, freezeMs: 1 });
    },

    settle: (self, _json, relocation) => {
      const settlement = self.settled.get(relocation) ?? 'kept';
      self.settled.set(relocation, settlement);
      if (self.promisedTo === relocation) self.promisedTo = null;
      return ok({ settlement, serves: self.role === 'authority' });
    },

    retire: (self) => {
      if (self.role === 'authority') return ok({ retires: false, why: 'it serves' });
      self.retiring = true;
      return ok({ retires: true });
    },
  };

  return ({ at, path, json }: Heard): Reply => {
    const self = world.at(at);
    if (self === undefined) return refused(503, 'no instance has this address');
    const answer = path.startsWith(BASE) ? answers[path.slice(BASE.length)] : undefined;
    return answer === undefined ? refused(404, 'no such call') : answer(self, json, String(json['relocation'] ?? ''));
  };
}

const stateOf = ({ id, role, epoch, promisedTo, introduced, retiring }: Instance): object => ({
  instance: id,
  role,
  epoch,
  promisedTo,
  retiring,
  users: role === 'standby' && introduced === null ? [] : [{ user: 'ue-1', role, epoch, count: WRITES }],
  copies:
    introduced === null
      ? []
      : [{ relocation: introduced, users: '*', copiedUsers: 1, count: WRITES, prepared: false, secondsAgo: 0 }],
  clientSeenSecondsAgo: null,
  clients: 0,
  expectedFreezeMs: 1,
});
