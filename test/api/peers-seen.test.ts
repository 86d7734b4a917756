import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PeersSeen } from '../../api/northbound/peers-seen.ts';
import { type PeerSeen, seenNow } from '../../domain/peer-seen.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] }));
afterEach(() => void vi.useRealTimers());

interface Look {
  readonly resolve: (seen: readonly PeerSeen[]) => void;
  readonly reject: (error: Error) => void;
}
const looks: Look[] = [];
const looking = (): PeersSeen => {
  looks.length = 0;
  return new PeersSeen(async () => await new Promise((resolve, reject) => looks.push({ resolve, reject })));
};
const names = async (peers: PeersSeen, waitMs = 0): Promise<string[]> => [...(await peers.known(waitMs)).keys()];
const meo = seenNow('meo', null, '2026-01-01T00:00:00.000Z');
const settled = async (): Promise<void> => void (await vi.advanceTimersByTimeAsync(0));

it('are answered at once as they were seen, however long a look takes; all who ask have one look', async () => {
  const peers = looking();
  expect(await Promise.all([names(peers), names(peers), names(peers)])).toEqual([[], [], []]);
  expect(looks).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect([await names(peers), looks.length]).toEqual([[], 1]);
  looks[0]?.resolve([meo]);
  await settled();
  expect([await names(peers), looks.length]).toEqual([['meo'], 1]);
});

it('are looked at anew once somebody asks half a minute later, and not before', async () => {
  const peers = looking();
  await names(peers);
  looks[0]?.resolve([meo]);
  await vi.advanceTimersByTimeAsync(29_000);
  await names(peers);
  expect(looks).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(looks).toHaveLength(1);
  await names(peers);
  expect(looks).toHaveLength(2);
});

it('are waited for by who wants to, no longer than he says', async () => {
  const peers = looking();
  const soon = names(peers, 5_000);
  await settled();
  looks[0]?.resolve([meo]);
  await expect(soon).resolves.toEqual(['meo']);
  await vi.advanceTimersByTimeAsync(30_000);
  let answered = false;
  const late = names(peers, 5_000).finally(() => (answered = true));
  await vi.advanceTimersByTimeAsync(4_900);
  expect(answered).toBe(false);
  await vi.advanceTimersByTimeAsync(200);
  await expect(late).resolves.toEqual(['meo']);
});

it('stand as they were seen where nobody can look', async () => {
  const peers = looking();
  await names(peers);
  looks[0]?.resolve([meo]);
  await vi.advanceTimersByTimeAsync(30_000);
  const waiting = names(peers, 5_000);
  await settled();
  looks[1]?.reject(new Error('no worker'));
  await expect(waiting).resolves.toEqual(['meo']);
});
