import type { Counted } from '../../domain/counted.ts';
import { busy } from '../../test/support/busy.ts';
import { eventually } from '../../test/support/eventually.ts';
import type { Stage } from '../../test/support/stage.ts';
import { worldOf } from '../../test/support/sight.ts';

/** Two of each kind, which write 200 times a second together. */
const [DEVICES, WRITES] = [6, 200];

/** They write, and are answered; milliseconds after which they give a write up. */
export async function writing(stage: Stage, clampSeconds: number): Promise<number> {
  // The contract's two seconds on a machine with a core to spare
  const giveUpMs = Math.round(2_000 * busy());
  await stage.sandbox('/devices/fleet', 'POST', { devices: DEVICES, rate: WRITES / DEVICES, giveUpMs, clampSeconds });
  await eventually(async () => {
    const { devices, peers } = await worldOf(stage);
    return peers['lcm-proxy'].contexts.length === DEVICES && devices.devices.every(({ instance }) => instance !== null);
  }, 30_000);
  return giveUpMs;
}

let serial = 0;

/** What the devices saw while `work` was done. */
export async function counting<T>(
  stage: Stage,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly counted: Counted }> {
  const name = `bench-${(serial += 1)}`;
  await stage.sandbox('/devices/windows', 'POST', { name });
  const result = await work().catch((error: unknown) => ({ error }) as const);
  const counted = await stage.sandbox<Counted>(`/devices/windows/${name}`, 'DELETE');
  if (typeof result === 'object' && result !== null && 'error' in result) throw result.error;
  return { result: result as T, counted };
}
