import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nowhere, Served } from '../support/api.ts';
import { everything, EVENTS } from '../support/events.ts';

/** Temporal is not there. */
let api: Served;
const temporal = nowhere();
beforeAll(async () => {
  api = await Served.start({ temporal });
});
afterAll(async () => {
  await api.stop();
  await temporal.connection.close();
});

describe('the stream of everything, while Temporal is away', () => {
  it('is there, and says so', async () => {
    for await (const { event, json } of everything(api.url)) {
      if (event === 'anew') continue;
      expect([event, json]).toEqual([
        'sources',
        {
          temporal: { answers: false, since: expect.any(String), detail: expect.stringMatching('temporal') },
          catalogue: null,
        },
      ]);
      break;
    }
  });

  it('is one of at most a hundred; one that was left makes room', async () => {
    const leave = new AbortController();
    const url = `${api.url}${EVENTS}`;
    const open = await Promise.all(Array.from({ length: 100 }, async () => await fetch(url, { signal: leave.signal })));
    expect(open.every(({ status }) => status === 200)).toBe(true);
    await expect(api.get(EVENTS)).resolves.toMatchObject({ status: 503 });
    leave.abort();
    await expect.poll(async () => (await api.get(EVENTS)).status).toBe(200);
  });

  it('answers HEAD without a stream', async () => {
    await expect(api.ask(EVENTS, { method: 'HEAD' })).resolves.toMatchObject({ status: 200 });
  });
});
