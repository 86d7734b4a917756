import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FerryClient } from '../../cli/client.ts';
import { Terminal } from '../../cli/terminal.ts';
import { meeting, recovered } from '../../cli/tour-federation.ts';
import { answering, FakeApi } from './fake-api.ts';

let [a, b]: FakeApi[] = [];
let out = '';
const terminal = () => {
  const stream = { write: (text: string) => void (out += text) };
  return new Terminal(stream, stream);
};

beforeEach(async () => {
  out = '';
  [a, b] = await Promise.all([FakeApi.start(), FakeApi.start()]);
});
afterEach(async () => void (await Promise.all([a?.stop(), b?.stop()])));

/** Systems as `operator: name`; those of others come from a partner. */
const sees = (api: FakeApi | undefined, own: string, ...systems: readonly string[]): void => {
  if (api === undefined) return;
  api.answer = answering(200, {
    systems: systems.map((system) => {
      const [operator, name] = system.split(': ');
      return { operator, name, partner: operator === own ? null : operator };
    }),
    next: null,
  });
};

describe('the federation in the tour', () => {
  it('is joined once each operator sees systems of the other, and shows which', async () => {
    sees(a, 'operator-a', 'operator-a: wifi', 'operator-b: metro', 'operator-a: cellular');
    if (b !== undefined)
      b.answer = (...first) => {
        sees(b, 'operator-b', 'operator-b: metro', 'operator-a: wifi', 'operator-a: cellular'); // from the second on
        answering(200, { systems: [], next: null })(...first);
      };
    const report = await meeting(new FerryClient(a?.url ?? ''), [b?.url ?? ''], terminal());
    expect(report).toEqual({
      joined: true,
      operators: [
        { operator: 'operator-a', sees: { 'operator-b': ['metro'] } },
        { operator: 'operator-b', sees: { 'operator-a': ['cellular', 'wifi'] } },
      ],
    });
    expect(out).toContain('operator-b sees cellular, wifi of operator-a');
    expect(b?.asked).toHaveLength(2);
  });

  it('is not joined where one does not see the other, and that is said', async () => {
    sees(a, 'operator-a', 'operator-a: wifi', 'operator-b: metro');
    sees(b, 'operator-b', 'operator-b: metro');
    const report = await meeting(new FerryClient(a?.url ?? ''), [b?.url ?? ''], terminal(), 600);
    expect(report.joined).toBe(false);
    expect(out).toContain('they do not see each other');
  });

  it('is not joined where one of them is not there', async () => {
    sees(a, 'operator-a', 'operator-a: wifi', 'operator-b: metro');
    const report = await meeting(new FerryClient(a?.url ?? ''), ['http://127.0.0.1:1'], terminal(), 600);
    expect(report.joined).toBe(false);
  });

  it('begins with the others resuming what a tour that was interrupted has left suspended, and nothing else', async () => {
    const stands = (partner: string, ours: string): object => ({ partner, uses: { ours }, serves: { ours } });
    if (b !== undefined)
      b.answer = answering(200, { federations: [stands('operator-a', 'suspended'), stands('operator-c', 'ended')] });
    await recovered([b?.url ?? '', 'http://127.0.0.1:1'], terminal());
    expect(b?.asked.filter(({ method }) => method === 'POST').map(({ url }) => url)).toEqual([
      '/v1/federations/operator-a/resume?direction=serves',
    ]);
    expect(out).toContain('by operator-a was left suspended');
  });
});
