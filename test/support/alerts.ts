import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}
interface Board {
  readonly panels: readonly {
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets: readonly { readonly expr: string; readonly legendFormat?: string }[];
  }[];
}

export const alerts = (parse(read('deploy/prometheus/ferry.rules.yml')) as Rules).groups.flatMap(({ rules }) => rules);
export const { panels } = JSON.parse(read('deploy/grafana/ferry.json')) as Board;

/** What alerts and board ask of Prometheus, and who asks it. */
export const expressions = [
  ...alerts.map(({ alert, expr }) => [alert, expr] as const),
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
];

/** What of `/metrics` an expression asks for, and nothing there answers to: by name, labels, and values that have to be equal. */
export function unanswered(expr: string, samples: readonly string[]): string[] {
  const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, inner = '']) => inner.split(', '));
  return [...expr.matchAll(/\b((?:ferry|temporal)_\w+)(?:\{([^}]*)\})?/g)].flatMap(([whole, name = '', inner = '']) => {
    const selected = [...inner.matchAll(/(\w+)(=~|!~|!=|=)("[^"]*")/g)];
    const equal = selected.flatMap(([, label, how, value]) => (how === '=' ? [`${label}=${value}`] : []));
    const labels = [...selected.map(([, label]) => label), ...grouped].map((label) => `${label}="`);
    const all = [...equal, ...labels];
    const ofName = samples.filter((sample) => sample.startsWith(`${name}{`) || sample.startsWith(`${name} `));
    return ofName.some((sample) => all.every((part) => sample.includes(part))) ? [] : [whole];
  });
}
