import { setTimeout as pause } from 'node:timers/promises';

const TRIES = 3;

/**
 * Three tries with a growing pause; then the event is dropped (ours: the standards promise no
 * delivery).
 */
export async function deliver(callback: string, notification: object): Promise<void> {
  for (let trial = 1; trial <= TRIES; trial += 1) {
    try {
      const answer = await fetch(callback, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(notification),
        redirect: 'manual',
        signal: AbortSignal.timeout(2_000),
      });
      await answer.arrayBuffer();
      if (answer.ok) return;
    } catch {
      // nobody there (yet)
    }
    await pause(trial * 200);
  }
}
