/** A line of Prometheus' text: name, labels, value. */
const LINE = /^([a-z_]\w*)(?:\{(.*)\})?\s+([-+.\deE]+|NaN)$/i;

export interface Scraped {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export function parsed(text: string): readonly Scraped[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', told = '']) => [key, told]);
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }];
  });
}

export async function scrape(url: string): Promise<readonly Scraped[]> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`no metrics at ${url}: ${answer.status}`);
  return parsed(await answer.text());
}

/** The sum of one counter over all whose labels are these. */
export const sum = (all: readonly Scraped[], name: string, labels: Readonly<Record<string, string>> = {}): number =>
  all
    .filter((each) => each.name === name && Object.entries(labels).every(([key, value]) => each.labels[key] === value))
    .reduce((total, { value }) => total + value, 0);
