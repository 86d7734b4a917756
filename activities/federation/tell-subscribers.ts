import { log } from '@temporalio/activity';
import { Refusal } from '../../domain/failures.ts';
import { failure } from '../failure.ts';
import { alive } from '../waiting.ts';
import type { Due, Notices } from './ports.ts';

export interface TellingMeans {
  readonly notices: Notices;
  /** Why nobody may be told there; undefined: he may. The configuration may be another than when the callback was given. */
  readonly mistake: (due: Due) => string | undefined;
  /** Tells it, once (MEC 040, 6.4.2). Throws `failure()`. */
  readonly tell: (due: Due, signal: AbortSignal) => Promise<void>;
}

export interface Telling {
  readonly againInMs: number | null;
}

/** Rounds of one activity: then it tells the workflow how far it is. */
const ROUNDS = 20;

export const tellingActivities = ({ notices, mistake, tell }: TellingMeans) => {
  /** A subscriber that cannot be told holds up nobody else; why it cannot stands in the log, and in no history. */
  const each = async (due: Due, signal: AbortSignal): Promise<void> => {
    const why = mistake(due);
    if (why !== undefined) {
      log.warn(`subscription ${due.subscription} is not told of systems: ${why}`);
      return await notices.forget(due);
    }
    try {
      await tell(due, signal);
    } catch (error) {
      signal.throwIfAborted();
      const given = await notices.notTold(due);
      log.warn(
        `subscription ${due.subscription} ${given ? 'is given up for now' : 'is told later'}: ${sentence(error)}`,
      );
      return;
    }
    await notices.told(due);
  };

  return {
    /** Tells subscribers of MEC 040 what is due: of each system the latest, a hundred at a time. One may hear it twice. */
    tellSubscribers: async (): Promise<Telling> =>
      await alive({ pollMs: 1_000, heartbeatMs: 5_000 }, async ({ signal, progress }) => {
        for (let round = 0; round < ROUNDS; round += 1) {
          const all = await reading(notices.due());
          if (all.length === 0) break;
          progress(`telling ${all.length} subscribers`);
          await reading(Promise.all(all.map(async (due) => await each(due, signal))));
        }
        return { againInMs: await reading(notices.dueInMs()) };
      }),
  };
};
export type TellingActivities = ReturnType<typeof tellingActivities>;

const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function reading<T>(question: Promise<T>): Promise<T> {
  return await question.catch((error: unknown) => {
    throw error instanceof Refusal ? failure(error.type, error.message) : error;
  });
}
