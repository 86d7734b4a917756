import type { RefObject } from 'preact';
import { useLayoutEffect, useMemo, useState } from 'preact/hooks';
import type { Relocation } from '../../api/resources.ts';
import { stepNames } from '../../domain/steps.ts';
import { stepsDone, toneOf } from '../words.ts';
import { arcBetween, type Arc, type Box, headOf, pathOf } from './arc.ts';
import type { Wish } from './planner.tsx';

interface Props {
  readonly ground: RefObject<HTMLElement | null>;
  readonly moves: readonly Relocation[];
  readonly chosen: string | undefined;
  readonly choose: (id: string) => void;
  readonly wish: Wish | null;
  /** Where the boxes are changes with their number. */
  readonly sites: number;
}

/** With more of them their steps are told by the list alone. */
const LEGIBLE = 24;

/** Each move as an arc with its nine steps, over the boxes. Whoever cannot point at it finds it in the list. */
export function Arcs({ ground, moves, chosen, choose, wish, sites }: Props) {
  const boxes = useBoxes(ground, sites);
  // An arc changes when the boxes do
  const drawn = useMemo(() => new Map<string, Arc | undefined>(), [boxes]);
  const between = (source: string, target: string, beside: number): Arc | undefined => {
    const which = JSON.stringify([source, target, beside]);
    const [from, to] = [boxes.get(source), boxes.get(target)];
    if (!drawn.has(which))
      drawn.set(
        which,
        from === undefined || to === undefined ? undefined : arcBetween(from, to, beside, boxes.values()),
      );
    return drawn.get(which);
  };
  const pairs = new Map<string, number>();
  return (
    <svg class="arcs" aria-hidden="true">
      {wish !== null && <path class="wish" d={pathOf(between(wish.source, wish.target, 0))} />}
      {moves.map((move) => {
        const { source, target } = move.request;
        const pair = [source, target].toSorted().join(' ');
        const beside = pairs.get(pair) ?? 0;
        pairs.set(pair, beside + 1);
        const arc = between(source, target, beside);
        if (arc === undefined) return null;
        const legible = moves.length <= LEGIBLE || move.id === chosen;
        const done = stepsDone(move);
        return (
          <g
            key={move.id}
            class={`arc ${toneOf(move)} ${move.id === chosen ? 'chosen' : ''}`}
            onClick={() => choose(move.id)}
          >
            <path class="reach" d={pathOf(arc)} />
            <path class="line" d={pathOf(arc)} />
            <path class="passed" d={pathOf(arc)} pathLength={1} style={`stroke-dasharray: ${(done + 0.5) / 9.5} 1`} />
            <polygon points={headOf(arc)} />
            {legible &&
              stepNames.map((name, at) => {
                const [x, y] = arc.at((at + 0.4) / stepNames.length);
                const how = at < done ? 'done' : at === done && move.step !== null ? 'now' : 'next';
                return <circle key={name} class={how} cx={x} cy={y} r={how === 'now' ? 6 : 3.5} />;
              })}
          </g>
        );
      })}
    </svg>
  );
}

/** Where the sites are, upon the ground; looked at again whenever something is laid out anew. */
function useBoxes(ground: RefObject<HTMLElement | null>, sites: number): ReadonlyMap<string, Box> {
  const [boxes, setBoxes] = useState<ReadonlyMap<string, Box>>(new Map());
  useLayoutEffect(() => {
    const upon = ground.current;
    if (upon === null) return undefined;
    const look = (): void => {
      const { left, top } = upon.getBoundingClientRect();
      const found = [...upon.querySelectorAll<HTMLElement>('[data-site]')].map((element) => {
        const box = element.getBoundingClientRect();
        const at = { x: box.left - left, y: box.top - top, width: box.width, height: box.height };
        return [element.dataset['site'] ?? '', at] as const;
      });
      // What lies where it lay has its arcs already
      setBoxes((before) => (isAlike(before, found) ? before : new Map(found)));
    };
    const watched = new ResizeObserver(look);
    watched.observe(upon);
    for (const element of upon.querySelectorAll('.region, .site')) watched.observe(element);
    return () => watched.disconnect();
  }, [sites]);
  return boxes;
}

const isAlike = (before: ReadonlyMap<string, Box>, found: readonly (readonly [string, Box])[]): boolean =>
  before.size === found.length &&
  found.every(([name, { x, y, width, height }]) => {
    const box = before.get(name);
    return box?.x === x && box.y === y && box.width === width && box.height === height;
  });
