import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Relocation } from '../../api/resources.ts';
import { latestFirst } from '../known/known.ts';
import { duration } from '../words.ts';

const SHOWN = 50;
const HEIGHT = 170;

/** How long users were frozen by the last moves, and how long handing them over took as a whole. */
export function Plot({ moves }: { readonly moves: readonly Relocation[] }) {
  const shown = moves
    .filter(({ result }) => result?.freezeMs != null)
    .toSorted(latestFirst)
    .slice(0, SHOWN)
    .toReversed();
  const freezes = shown.map(({ result }) => result?.freezeMs ?? 0);
  return (
    <section class="card plot" aria-label="Freeze and gap of the last moves">
      <div class="title">
        <h2>Freeze and gap of the last moves</h2>
        {freezes.length > 0 && (
          <p>
            median freeze <b>{duration(median(freezes))}</b>, longest <b>{duration(Math.max(...freezes))}</b>, of{' '}
            {freezes.length}
          </p>
        )}
      </div>
      {shown.length === 0 ? (
        <p class="empty">No move has handed users over yet. Each that does is drawn here.</p>
      ) : (
        <>
          <ul class="legend">
            <li class="freeze">freeze: no write is accepted</li>
            <li class="gap">gap at most: the whole hand-over step</li>
          </ul>
          <Canvas shown={shown} />
        </>
      )}
    </section>
  );
}

function Canvas({ shown }: { readonly shown: readonly Relocation[] }) {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot | null>(null);
  const names = useRef<readonly string[]>([]);
  names.current = shown.map(({ request }) => `${request.source} → ${request.target}`);
  const data: uPlot.AlignedData = [
    shown.map((_, at) => at),
    shown.map(({ durationsMs }) => durationsMs['handOver'] ?? null),
    shown.map(({ result }) => result?.freezeMs ?? null),
  ];
  const mark = JSON.stringify(data);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const draw = (): void => {
      drawn.current?.destroy();
      drawn.current = new uPlot(optionsOf(element, names), data, element);
    };
    draw();
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', draw);
    const resized = new ResizeObserver(() => drawn.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      dark.removeEventListener('change', draw);
      resized.disconnect();
      drawn.current?.destroy();
    };
  }, []);
  useEffect(() => drawn.current?.setData(data), [mark]);
  return <div class="canvas" ref={place} />;
}

function optionsOf(element: HTMLElement, names: { readonly current: readonly string[] }): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const font = `11px ${style.fontFamily}`;
  const axis = { stroke: colour('--dim'), font, ticks: { show: false }, grid: { stroke: colour('--line'), width: 1 } };
  const bars = uPlot.paths.bars?.({ size: [0.55, 26], radius: 0.2 });
  const one = (label: string, name: string): uPlot.Series => ({
    label,
    fill: colour(name),
    width: 0,
    points: { show: false },
    ...(bars !== undefined && { paths: bars }),
    value: (_, ms) => (ms === null ? '' : duration(ms)),
  });
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: (_, __, max) => [-0.6, Math.max(11, max) + 0.6] },
      y: { range: (_, __, max) => [0, Math.max(10, max * 1.1)] },
    },
    series: [{}, one('gap at most', '--gap'), one('freeze', '--freeze')],
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        incrs: [1, 2, 5, 10],
        space: 58,
        values: (_, at) => at.map((n) => names.current[n] ?? ''),
      },
      { ...axis, size: 62, values: (_, at) => at.map((ms) => duration(ms)) },
    ],
  };
}

function median(some: readonly number[]): number {
  const sorted = some.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}
