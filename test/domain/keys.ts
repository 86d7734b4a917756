/**
 * A short text for each world, and for no other: what is the same in two of them is mostly the same object, which is read
 * once and has a number from then on.
 */
export function keys(): (world: object) => string {
  const texts = new Map<string, number>();
  const objects = new Map<unknown, number>();
  const numberOf = (thing: object): number => {
    const known = objects.get(thing);
    if (known !== undefined) return known;
    const text = keyOf(thing);
    const number = texts.get(text) ?? texts.size;
    texts.set(text, number);
    objects.set(thing, number);
    return number;
  };
  const keyOf = (thing: object): string => {
    let text = Array.isArray(thing) ? '[' : '{';
    for (const name in thing) {
      const value = (thing as Record<string, unknown>)[name];
      if (typeof value === 'object' && value !== null) text += `${name}#${numberOf(value)},`;
      else if (value !== undefined) text += `${name}:${JSON.stringify(value)},`;
    }
    return text;
  };
  return keyOf;
}
