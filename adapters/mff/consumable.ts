import { failure } from '../../activities/failure.ts';
import type { Announced, Consumable } from '../../activities/federation/consumption.ts';
import { BindingAnswer, BindingListed, EndedAnswer } from '../../protocols/mff/bindings.ts';
import { base } from '../../protocols/mff/client.ts';
import { refusedBy } from '../ewbi/partner.ts';
import type { Answer, Call, Exchange } from '../http.ts';
import { scrubbed } from '../scrubbed.ts';
import { isGone } from './gone.ts';
import { listed } from './list.ts';

const BINDINGS = 10_000;
/** Of five hundred, as they were once; the last one may be empty. */
const PAGES = 21;

/** Announces to a partner what of it is used, and ends that (GR MEC 035, 6.5.3 step 13), by our extension of Mff-fed. */
export function mffConsumable(exchange: Exchange): Consumable {
  return {
    async announce(context, { name, offer, forApplication }, signal) {
      const json = { offer, solution: 'federators', ...(forApplication !== null && { forApplication }) };
      const call = of(context, name, {
        method: 'PUT',
        json,
        schema: BindingAnswer,
        key: name,
        alsoExpect: [403, 404, 409, 410],
      });
      return announced(await exchange.ask(call, signal));
    },

    async binding(context, name, signal) {
      const call = of(context, name, { method: 'GET', schema: BindingAnswer, alsoExpect: [403, 404, 410] });
      return announced(await exchange.ask(call, signal));
    },

    async bindings(context, signal) {
      const held: { name: string; ageSeconds: number }[] = [];
      const take = (entry: unknown): void => {
        const parsed = BindingListed.safeParse(entry);
        if (parsed.success && parsed.data.state !== 'closed') held.push(parsed.data);
      };
      const call = {
        method: 'GET',
        path: `${base}/${encodeURIComponent(context)}/bindings`,
        label: `${base}/{federationContextId}/bindings`,
        alsoExpect: [403, 404],
      } as const;
      const bounds = { of: 'bindings', entries: BINDINGS, pages: PAGES };
      return isGone(await listed(exchange, call, bounds, take, signal)) ? [] : held;
    },

    async withdraw(context, name, signal) {
      const call = { method: 'DELETE', schema: EndedAnswer, key: name, alsoExpect: [404, 410] } as const;
      const answer = await exchange.ask(of(context, name, call), signal);
      if (isGone(answer)) return 'absent';
      return answer.status === 200 ? (answer.body?.was ?? null) : null;
    },
  };
}

const announced = (
  answer: Answer<{ state: 'admitting' | 'open' | 'closed'; why?: string | null | undefined }>,
): Announced => {
  if (isGone(answer)) return 'absent';
  if (answer.status === 410) return { state: 'closed', why: null };
  if (answer.status === 403) throw refusedBy(answer);
  if (answer.status === 409) throw failure('DecisionRefused', answer.told);
  const { state, why = null } = answer.body;
  return { state, why: why === null ? null : scrubbed(why) };
};

const of = <T>(context: string, name: string, call: Omit<Call<T>, 'path' | 'label'>): Call<T> => ({
  ...call,
  path: `${base}/${encodeURIComponent(context)}/bindings/${encodeURIComponent(name)}`,
  label: `${base}/{federationContextId}/bindings/{name}`,
});
