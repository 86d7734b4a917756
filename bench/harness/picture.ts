import { targetTold, told } from './table.ts';
import type { Judged, Verdict } from './verdict.ts';

/** Pictures of results, as SVG that is read on light and on dark pages. */

const [WIDTH, LEFT, RIGHT, TOP, ROW] = [980, 450, 110, 46, 30];

const COLOURS: Readonly<Record<Verdict, string>> = {
  pass: '#1a7f37',
  fail: '#cf222e',
  noisy: '#9a6700',
  'not measured': '#6e7781',
  reported: '#6e7781',
};

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const limit = ({ target }: Judged): number | null =>
  target === null ? null : (Object.values(target as Record<string, number>)[0] ?? null);

/** How a figure stands to its target: 1 is the target itself, also where that is nothing and nothing is seen. */
const scaled = (value: number, to: number): number => (to === 0 ? (value === 0 ? 1 : Infinity) : value / to);

/**
 * One line for each figure: a dot where it is, a bar as wide as its bounds, and the target as the line in the middle. What
 * has no target is told without a dot. The scale is logarithmic, from a tenth of the target to ten times as much.
 */
export function lines(title: string, figures: readonly Judged[]): string {
  const height = TOP + ROW * figures.length + 26;
  const width = WIDTH - LEFT - RIGHT;
  const x = (share: number): number => LEFT + ((Math.log10(Math.min(10, Math.max(0.1, share))) + 1) / 2) * width;
  const middle = x(1).toFixed(1);
  const body = figures.flatMap((figure, nth) => {
    const y = TOP + ROW * nth + ROW / 2;
    const colour = COLOURS[figure.verdict];
    const to = limit(figure);
    const [low, value, high] = [figure.low, figure.value, figure.high].map((each) =>
      x(scaled(each, to ?? 0)).toFixed(1),
    );
    const mark = [
      `<line x1="${low}" x2="${high}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="6" stroke-linecap="round" opacity="0.35"/>`,
      `<circle cx="${value}" cy="${y}" r="5" fill="${colour}"><title>${escaped(figure.verdict)}</title></circle>`,
    ];
    return [
      `<text x="${LEFT - 14}" y="${y + 4}" text-anchor="end">${escaped(figure.name)}</text>`,
      ...(to === null || figure.verdict === 'not measured' ? [] : mark),
      `<text x="${WIDTH - RIGHT + 12}" y="${y + 4}" style="fill:${colour}">${told(figure.value, figure.unit)}` +
        `<tspan class="soft"> ${escaped(targetTold(figure.target, figure.unit))}</tspan></text>`,
    ];
  });
  return svg(title, height, [
    `<line x1="${middle}" x2="${middle}" y1="${TOP - 8}" y2="${height - 22}" class="axis"/>`,
    `<text x="${middle}" y="${height - 6}" text-anchor="middle" class="soft">target</text>`,
    ...body,
  ]);
}

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** How something grows: one line for each variant that there is something of, its name at its end. */
export function curves(
  title: string,
  axes: { readonly x: string; readonly y: string },
  series: readonly Series[],
): string {
  const [height, bottom, left] = [360, 306, 70];
  const all = series.flatMap(({ points }) => points);
  const [maxX, maxY] = [Math.max(1, ...all.map(([x]) => x)), Math.max(1, ...all.map(([, y]) => y))];
  const at = ([x, y]: readonly [number, number]): [number, number] => [
    left + (x / maxX) * (WIDTH - left - 180),
    bottom - (y / maxY) * (bottom - TOP),
  ];
  const palette = ['#0969da', '#cf222e', '#8250df', '#9a6700', '#1a7f37'];
  const body = series.flatMap(({ name, points }, nth) => {
    if (points.length === 0) return [];
    const places = points.map(at);
    const colour = palette[nth % palette.length] ?? '#0969da';
    const [endX, endY] = places.at(-1) ?? [left, bottom];
    return [
      `<polyline fill="none" stroke="${colour}" stroke-width="2.5" points="${places.map((one) => one.map((n) => n.toFixed(1)).join(',')).join(' ')}"/>`,
      ...places.map(([x, y]) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3.5" fill="${colour}"/>`),
      `<text x="${(endX + 10).toFixed(1)}" y="${(endY + 4).toFixed(1)}" style="fill:${colour}">${escaped(name)} (${told(points.at(-1)?.[1] ?? 0)})</text>`,
    ];
  });
  return svg(title, height, [
    `<line x1="${left}" x2="${left}" y1="${TOP}" y2="${bottom}" class="axis"/>`,
    `<line x1="${left}" x2="${WIDTH - 180}" y1="${bottom}" y2="${bottom}" class="axis"/>`,
    `<text x="${left - 8}" y="${TOP + 4}" text-anchor="end" class="soft">${told(maxY)}</text>`,
    `<text x="${left - 8}" y="${bottom}" text-anchor="end" class="soft">0</text>`,
    `<text x="${WIDTH - 180}" y="${bottom + 18}" text-anchor="end" class="soft">${told(maxX)}</text>`,
    `<text x="${left}" y="${bottom + 36}" class="soft">${escaped(axes.x)} →</text>`,
    `<text x="${left}" y="${TOP - 8}" class="soft">↑ ${escaped(axes.y)}</text>`,
    ...body,
  ]);
}

const svg = (title: string, height: number, body: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">`,
    '<style>text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-weight:600;font-size:15px}.soft{fill:#6e7781}' +
      '.axis{stroke:#8c959f;stroke-width:1}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.soft{fill:#9198a1}}</style>',
    `<text x="14" y="22" class="title">${escaped(title)}</text>`,
    ...body,
    '</svg>',
    '',
  ].join('\n');
