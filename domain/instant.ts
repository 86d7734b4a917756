/**
 * RFC 3339 with its offset, in the spelling that all of its readers take: capital letters, seconds that are not leap
 * seconds (section 5.6).
 */
export const RFC_3339 =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

export const INSTANT_EXAMPLE = '2030-01-31T18:00:00+01:00';

/** Is it an instant, of a day that the calendar has? */
export function isInstant(text: string): boolean {
  const [, year, month, day] = RFC_3339.exec(text) ?? [];
  return day !== undefined && isDay(Number(year), Number(month), Number(day));
}

const isDay = (year: number, month: number, day: number): boolean => {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
};

/** Local time without an offset, which only a person at a terminal may mean. */
const LOCAL = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?$/;

/** What a person typed, as an instant in UTC: RFC 3339, or local time. Undefined: neither. */
export function instantTyped(text: string): { readonly instant: string; readonly local: boolean } | undefined {
  if (isInstant(text)) return { instant: new Date(text).toISOString(), local: false };
  if (!LOCAL.test(text)) return undefined;
  const whole = text.replace(' ', 'T').padEnd('2030-01-31T18:00:00'.length, ':00');
  return isInstant(`${whole}Z`) ? { instant: new Date(whole).toISOString(), local: true } : undefined;
}
