import { isIPv4, isIPv6 } from 'node:net';

const QUOTED = 200;
const LOOKED_AT = 4 * QUOTED;

/** Controls, halves of characters, line ends, and what turns the direction of the text around; joiners are letters to some. */
const UNSEEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu;
/** ASCII only: what follows a URI without a blank, in a language that needs none, is no part of it. */
const URI = /(?<![a-z0-9])(?:[a-z][a-z0-9+.-]*:\/\/|(?:tel|sips?|mailto|urn):)[\x21-\x7e]+/giu;
/** Whatever may be an address, with the port, zone or prefix behind it: what it is, the parser says. */
const ADDRESS = /(?<![\w.:])\[?([0-9a-f]*(?:[.:][0-9a-f]*){2,})(?:%\w+)?\]?/giu;
const VERSION = /(?:version|release|firmware|build|版本)[\s:="']*$/iu;
const MAC = /(?<![\w:-])[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}(?![\w:-])/giu;
/** SUPI, GPSI and the equipment's own number, by the name before them (TS 23.003), or as digits with a plus (E.164). */
const NAMED_DEVICE =
  /(?<![a-z0-9])(imsi|msisdn|imei(?:sv)?|supi|gpsi|iccid|tel|phone|mobile)([\s:=#"'-]*)\+?\d{5,20}(?!\w)/giu;
const PHONE = /(?<![\w+])\+\d{7,15}(?!\w)/gu;
/** As many digits as a subscriber, a phone or a subscription has, unless the words before say what else they count. */
const DIGITS = /(?<![\w.+-])\d{11,15}(?![\w-]|\.\d)/gu;
const COUNTED =
  /(?:job|task|order|operation|request|ticket|build|run|version|code|serial|no|nr|id|(?<![机话])号)[\s.:=#"'-]*$/iu;
/** A date, or the ms since 1970: no device has such a number. */
const INSTANT = /^(?:20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d*|1[5-9]\d{11})$/u;

/**
 * A peer's own words, fit for a message that operators and histories keep: short, on one line, in their own language, without
 * addresses and numbers of devices. Times, versions and the numbers of jobs stay.
 */
export function scrubbed(text: string): string {
  const characters = Array.from(text.slice(0, 2 * LOOKED_AT));
  const cut = characters.length > LOOKED_AT || text.length > 2 * LOOKED_AT;
  const head = characters.slice(0, LOOKED_AT).join('');
  const plain = (cut ? head.replace(/[\x21-\x7e]{1,64}$/u, '') : head) // half an address would not be known as one
    .replaceAll(UNSEEN, ' ')
    .replaceAll(URI, hiddenUri)
    .replaceAll(MAC, '<device>')
    .replaceAll(ADDRESS, (found: string, host: string, at: number, all: string) =>
      VERSION.test(all.slice(0, at)) ? found : hiddenAddress(found, host),
    )
    .replaceAll(NAMED_DEVICE, '$1$2<number>')
    .replaceAll(PHONE, '<number>')
    .replaceAll(DIGITS, (digits: string, at: number, all: string) =>
      INSTANT.test(digits) || COUNTED.test(all.slice(0, at)) ? digits : '<number>',
    )
    .replaceAll(/\s+/gu, ' ')
    .trim();
  const shown = Array.from(plain);
  return shown.length > QUOTED || cut ? `${shown.slice(0, QUOTED).join('')}…` : plain;
}

/** What closes a sentence or a bracket around it is no part of it. */
function hiddenUri(uri: string): string {
  const end = /["'<>()[\]{},;.!?]+$/u.exec(uri.split(/["'<>]/u, 1)[0] ?? '')?.[0] ?? '';
  const [before = ''] = uri.split(/["'<>]/u, 1);
  return `<uri>${end}${uri.slice(before.length)}`;
}

/** `10.2.3.4:8080`, `fe80::1`, `[::1]:80`, each perhaps before the end of a sentence; not `12:30:45`, not `1.2.3`. */
function hiddenAddress(found: string, host: string): string {
  const [, core = '', end = ''] = /^(.*?)([.:]*)$/u.exec(host) ?? [];
  const [v4 = '', port, ...more] = core.split(':');
  const address = isIPv6(core) || isIPv6(host) || (isIPv4(v4) && more.length === 0 && !/\D/u.test(port ?? ''));
  if (!address) return found;
  return `<address>${isIPv6(host) && !isIPv6(core) ? '' : end}`;
}
