import { describe, expect, it } from 'vitest';
import type { Relocation } from '../../api/resources.ts';
import { type EventSourceMessage, EventSourceParserStream } from 'eventsource-parser/stream';
import { stepNames } from '../../domain/steps.ts';
import type { Served } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { command, over, PATH, reached, show, starting, servedByTheEngine } from '../support/served-engine.ts';
import { PortWorld } from '../support/world.ts';

servedByTheEngine();

describe('a stream of events', () => {
  const read = async function* (api: Served, id: string, headers: Record<string, string> = {}) {
    const answer = await fetch(`${api.url}${PATH}/${id}/events`, { headers });
    expect(answer.headers.get('content-type')).toMatch('text/event-stream');
    const events = answer.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    for await (const event of events ?? []) yield event;
  };
  const events = async function* (api: Served, id: string): AsyncGenerator<Relocation> {
    for await (const { event, data } of read(api, id)) if (event === 'relocation') yield JSON.parse(data) as Relocation;
  };

  it('tells the relocation at once, whenever it changes, and its end, and then ends', async () => {
    await over(new PortWorld(), async (api) => {
      const { body } = await starting(api, { cutOver: { approval: true } });
      const seen: Relocation[] = [];
      for await (const relocation of events(api, body.id)) {
        if (relocation.state === 'held' && seen.at(-1)?.state !== 'held') await command(api, body, 'approve');
        seen.push(relocation);
      }
      expect(seen.map(({ state }) => state)).toContain('held');
      expect(seen.at(-1)).toEqual(await show(api, body));
      expect(seen.at(-1)).toMatchObject({ state: 'ended', outcome: 'relocated' });
      expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(seen.length);
    });
  });

  it('of one that has ended tells that, and ends', async () => {
    await over(new PortWorld(), async (api) => {
      const { body } = await starting(api);
      await reached(api, body, 'ended');
      const seen: Relocation[] = [];
      for await (const relocation of events(api, body.id)) seen.push(relocation);
      expect(seen).toEqual([await show(api, body)]);
    });
  });

  it('has every step of a run once, in their order, though none is looked at while it lasts', async () => {
    await over(new PortWorld(), async (api) => {
      const { body } = await starting(api, { cutOver: { approval: true } });
      const steps: { step: string; ms: number }[] = [];
      for await (const { event, data } of read(api, body.id)) {
        if (event === 'step') steps.push(JSON.parse(data) as { step: string; ms: number });
        else if ((JSON.parse(data) as Relocation).state === 'held') await command(api, body, 'approve');
      }
      expect(steps.map(({ step }) => step)).toEqual(stepNames);
      for (const { ms } of steps) expect(ms).toBeGreaterThanOrEqual(0);
    });
  });

  it('tells no step done in which it failed, or was taken back', async () => {
    await over(new PortWorld(), async (api) => {
      const told = async (id: string): Promise<unknown[]> => {
        const steps: unknown[] = [];
        for await (const { event, data } of read(api, id))
          if (event === 'step') steps.push((JSON.parse(data) as { step: string }).step);
        return steps;
      };
      const { body: refused } = await starting(api, { source: 'w1', target: 'a2' }); // nobody is served there
      await expect(reached(api, refused, 'ended')).resolves.toMatchObject({ result: { failure: { step: 'check' } } });
      expect(await told(refused.id)).toEqual([]);
      const { body: cancelled } = await starting(api, { cutOver: { approval: true } });
      await reached(api, cancelled, 'held');
      await command(api, cancelled, 'cancel');
      await expect(reached(api, cancelled, 'ended')).resolves.toMatchObject({ step: 'copyAhead' });
      expect(await told(cancelled.id)).toEqual(['check', 'package', 'instance']);
    });
  });

  it('tells by its ids what was read, so that nothing is told again, and sends home who has read the end', async () => {
    await over(new PortWorld(), async (api) => {
      const { body } = await starting(api);
      await reached(api, body, 'ended');
      const all: EventSourceMessage[] = [];
      for await (const event of read(api, body.id)) all.push(event);
      expect(all.map(({ event }) => event)).toEqual([...stepNames.map(() => 'step'), 'relocation']);
      expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
      const rest: EventSourceMessage[] = [];
      for await (const event of read(api, body.id, { 'last-event-id': all[6]?.id ?? '' })) rest.push(event);
      expect(rest).toEqual(all.slice(7));
      const last = { 'last-event-id': all.at(-1)?.id ?? '' };
      const path = `${PATH}/${body.id}/events`;
      await expect(api.ask(path, { headers: last })).resolves.toMatchObject({ status: 204, body: '' });
      expect((await api.get<string>(path)).body).toMatch(/^retry: \d+\n\n/);
    });
  });

  it('is one of at most a hundred; one that was left makes room', async () => {
    await over(new PortWorld(), async (api) => {
      const { body } = await starting(api, { cutOver: { approval: true } });
      const leave = new AbortController();
      const path = `${api.url}${PATH}/${body.id}/events`;
      const open = await Promise.all(
        Array.from({ length: 100 }, async () => await fetch(path, { signal: leave.signal })),
      );
      expect(open.every(({ status }) => status === 200)).toBe(true);
      const refused = await api.get(`${PATH}/${body.id}/events`);
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
      leave.abort();
      await eventually(async () => {
        const answer = await fetch(path);
        await answer.body?.cancel();
        return answer.status === 200;
      });
    });
  });

  it('is ended by the shutting down of the process', async () => {
    await over(new PortWorld(), async (api) => {
      const { body } = await starting(api, { cutOver: { approval: true } });
      let told = 0;
      for await (const relocation of events(api, body.id)) {
        expect(relocation.id).toBe(body.id);
        told += 1;
        api.stopping.abort();
      }
      expect(told).toBe(1);
    });
  });

  it('answers HEAD without a stream', async () => {
    await over(new PortWorld(), async (api) => {
      const { body } = await starting(api, { cutOver: { approval: true } });
      await expect(api.ask(`${PATH}/${body.id}/events`, { method: 'HEAD' })).resolves.toMatchObject({ status: 200 });
    });
  });
});
