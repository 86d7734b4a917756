import type { Federation } from '../configuration/federation.ts';
import type { Configuration } from '../configuration/peers.ts';
import type { Asker } from '../doors/asker.ts';
import { Places } from '../doors/places.ts';
import { HttpRefusal } from '../doors/refusal.ts';
import { bearer } from '../doors/tokens/bearer.ts';
import { callersOf } from '../doors/tokens/callers.ts';
import type { Tokens } from '../doors/tokens/tokens.ts';
import { SCOPE } from '../protocols/mpp/path.ts';
import type { Handler } from './served.ts';

/** So often an address may ask in a second before it is known who asks: what a token is costs something to find out. */
const STRANGERS_PER_SECOND = 100;

/** Who comes in: a token of ours, of a partner, that has not too much under way, and may use the gateway. */
export function partnersOnly(
  tokens: Tokens,
  { federation, systems, asker }: { federation: Federation; systems: Configuration['systems']; asker: Asker },
): Handler {
  const callers = callersOf({ federation, systems });
  const strangers = new Strangers(STRANGERS_PER_SECOND);
  const places = new Places((partner) => federation.partners[partner]?.atOnce ?? 0);

  return async (req, res, found) => {
    const token = bearer(req);
    if (!tokens.isChecked(token) && !strangers.admits(asker(req))) throw tooMany();
    const caller = await tokens.check(token);
    const partner = callers.partner(caller);
    if (partner === undefined) found.client = `${caller.client} of ${caller.issuer}`;
    if (partner === undefined)
      throw new HttpRefusal(403, 'the client of the token is no partner of ours', 'Ask our operator.');
    found.partner = partner;
    if (!places.take(partner, res)) throw tooMany();
    if (!caller.scopes.includes(SCOPE))
      throw new HttpRefusal(403, `the token has no scope ${SCOPE}`, 'Ask for a token with it.', {
        'www-authenticate': `Bearer error="insufficient_scope", scope="${SCOPE}"`,
      });
  };
}

const tooMany = (): HttpRefusal =>
  new HttpRefusal(429, 'there are too many requests at once', 'Ask again after Retry-After.', { 'retry-after': '1' });

class Strangers {
  readonly #limit: number;
  readonly #counted = new Map<string, number>();
  #second = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  admits(address: string): boolean {
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.#second) this.#counted.clear();
    this.#second = second;
    const count = (this.#counted.get(address) ?? 0) + 1;
    this.#counted.set(address, count);
    return count <= this.#limit;
  }
}
