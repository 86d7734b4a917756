import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../../activities/failure.ts';
import type { Lead, Path, PathSight, Wait } from '../../activities/ports.ts';
import { without, type Course } from '../../domain/leading.ts';
import { sameRule, type Rule, type TrafficRule } from '../../domain/rule.ts';
import type { Seal } from '../../domain/seal.ts';
import {
  backwards,
  carriedOut,
  isReliedOn,
  loses,
  planned,
  takenFurther,
  undone,
  type Change,
} from '../../domain/turn.ts';
import type { Exchange } from '../http.ts';
import { ruleCapabilities } from './capabilities.ts';
import { pathSight } from './look.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { RulesOfInstance } from './rules-of-instance.ts';
import { opened } from './sealed-turn.ts';

/** Two who lost against each other do not come back at the same instant. */
const JITTER_MS = 100;

/** The path of devices by the rules of a platform (MEC 011). */
export function mec011Path(platform: Exchange, seal: Seal): Path {
  const rulesOf = new RulesOfInstance(platform);
  const rules = new OneAtATime();

  /**
   * Swaps one rule until it is as it has to be; undefined: it is gone. `safely`: no swap could be
   * lost unseen.
   */
  async function swap(rule: Rule, instance: string, become: (now: Rule, told: string) => Rule, wait: Wait) {
    let [changed, safely] = [false, true];
    const attempt = async (): Promise<'gone' | 'so' | 'written' | 'lost'> => {
      const now = await rulesOf.one(rule, instance, wait.signal);
      if (now === undefined) return 'gone';
      const to = become(now.rule, now.told);
      if (sameRule(now.rule, to)) return 'so';
      safely = now.version !== null;
      return await rulesOf.write(instance, now, to, wait);
    };
    for (;;) {
      const ended = await rules.run(`${instance} ${rule.kind} ${rule.id}`, attempt);
      if (ended === 'gone') return undefined;
      changed ||= ended === 'written';
      if (ended !== 'lost') return { changed, safely };
      wait.progress(`rule ${rule.id} of ${instance} is changed by others at the same time`);
      await pause(wait);
    }
  }

  /**
   * Swaps each rule. Where the platform has no strong ETags somebody who read before may have
   * written after: then it is looked once more, until nothing has to be written.
   */
  async function sweep<T>(
    things: readonly T[],
    one: (thing: T) => ReturnType<typeof swap>,
    wait: Wait,
  ): Promise<number> {
    let changed = 0;
    for (;;) {
      let safely = true;
      for (const thing of things) {
        const done = await one(thing);
        if (done?.changed === true) changed += 1;
        safely &&= done?.safely ?? true;
      }
      if (safely) return changed;
      await pause(wait);
    }
  }

  const trafficOf = async (instance: string, signal: AbortSignal) =>
    (await rulesOf.all(instance, [], signal)).rules.filter((rule) => rule.kind === 'traffic');

  return {
    async look(instance, whom, signal): Promise<PathSight> {
      if (instance === null) return await unmade(platform, whom.device, signal);
      return pathSight(await rulesOf.all(instance.id, whom.ruleIds, signal), instance, whom);
    },

    async plan(way, lead, earlier, signal, seen) {
      const { instance } = way === 'here' ? lead.to : lead.from;
      const { rules: found } = seen ?? (await rulesOf.all(instance, lead.ruleIds, signal));
      const before = earlier === null ? null : opened(seal, earlier);
      const turn = planned(way, found, courseOf(lead), instance, before);
      if (way === 'further' && lead.device !== null && loses(turn, lead.device))
        throw failure('NotSteerable', `no rule of instance ${instance} is free to lead this device on beside others`);
      return seal.close(JSON.stringify(turn));
    },

    takenFurther: (turn, later) => seal.close(JSON.stringify(takenFurther(opened(seal, turn), opened(seal, later)))),

    async turn(sealed, wait) {
      const turn = opened(seal, sealed);
      return await sweep(
        turn.changes,
        async (change) => {
          const { id } = change.before;
          const become = (now: Rule, told: string): Rule => {
            const to = carriedOut(now, change, turn);
            if (to === 'lost') throw failure('OwnershipLost', `${told}, but the rule ${LOST}`);
            return to;
          };
          const done = await swap(change.before, turn.instance, become, wait);
          if (done !== undefined) return done;
          throw failure(
            'OwnershipLost',
            `rule ${id} of instance ${turn.instance} is gone, which led devices when this was planned`,
          );
        },
        wait,
      );
    },

    async turnBack(sealed, wait) {
      const turn = opened(seal, sealed);
      let relied = false;
      const failed: unknown[] = [];
      const one = async (change: Change) =>
        await swap(
          change.before,
          turn.instance,
          (now) => {
            relied ||= isReliedOn(now, change);
            return relied && now.kind === 'dns' && !change.before.active ? now : undone(now, change, turn);
          },
          wait,
        ).catch((error: unknown) => void failed.push(error)); // the others go back all the same
      const changed = await sweep(backwards(turn), one, wait);
      if (failed.length > 0) throw failed[0];
      return changed;
    },

    async holds({ id, endpoint }, signal) {
      const found = await rulesOf.all(id, [], signal);
      return found.rules.some((rule) => {
        const leadsTo = rule.kind === 'dns' ? rule.address : rule.leadsTo;
        const leads = rule.active && (endpoint === null || leadsTo === endpoint.host);
        return leads && (rule.kind === 'dns' || rule.destinations.length > 0);
      });
    },

    async release(instance, device, wait) {
      const naming = (await trafficOf(instance, wait.signal)).filter(({ sources }) => sources.includes(device));
      const become = (now: Rule) => (now.kind === 'traffic' ? without(now, device) : now);
      await sweep(naming, async (rule) => await swap(rule, instance, become, wait), wait);
    },

    async forget({ id: instance, endpoint }, addresses, wait) {
      const isGone = (address: string): boolean => addresses.includes(address);
      const leadsHere = ({ destinations, leadsTo }: TrafficRule): boolean =>
        destinations.some(isGone) && (endpoint === null || leadsTo === endpoint.host);
      const leading = (await trafficOf(instance, wait.signal)).filter(leadsHere);
      const become = (now: Rule): Rule => {
        if (now.kind !== 'traffic' || !leadsHere(now)) return now;
        const destinations = now.destinations.filter((address) => !isGone(address));
        return { ...now, destinations, active: now.active && destinations.length > 0 };
      };
      await sweep(leading, async (rule) => await swap(rule, instance, become, wait), wait);
    },
  };
}

const LOST =
  'leads neither where it did when this was planned nor where this relocation leads it: somebody else has changed it';

/**
 * A platform that has a kind of rules will have those of the descriptor, once the instance is made.
 */
async function unmade(platform: Exchange, device: string | null, signal: AbortSignal): Promise<PathSight> {
  const [dns, traffic] = await ruleCapabilities(platform, signal);
  const by = { name: device === null && dns?.available === true, traffic: traffic?.available === true };
  return {
    by,
    told: [
      ...(dns?.available === true ? [] : ['its platform has no DNS rules']),
      ...(traffic?.available === true ? [] : ['its platform has no traffic rules']),
    ],
    obstacles: [],
    ttlSeconds: 0,
    former: [],
    names: [],
    rules: [],
  };
}

const courseOf = ({ from, to, ...lead }: Lead): Course => ({ ...lead, from: from.endpoint.host, to: to.endpoint.host });

async function pause(wait: Wait): Promise<void> {
  await wait.pause();
  await sleep(Math.random() * JITTER_MS, undefined, { signal: wait.signal }).catch(() => wait.signal.throwIfAborted());
}
