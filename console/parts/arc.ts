export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

type Point = readonly [x: number, y: number];

/** The part of a bow that lies between two boxes. */
export interface Arc {
  readonly start: Point;
  readonly control: Point;
  readonly end: Point;
  /** From 0 at the source to 1 at the target. */
  readonly at: (share: number) => Point;
}

const FINE = 60;
const shares = Array.from({ length: FINE + 1 }, (_, n) => n / FINE);

/**
 * From the middle of one to the middle of the other, bowed to the side on which more of it is seen: beside other boxes, and not
 * beyond the outermost ones, where the map ends; `beside`: so many take the same way already.
 */
export function arcBetween(from: Box, to: Box, beside: number, others: Iterable<Box>): Arc {
  const all = [from, to, ...others];
  const near = all.filter((box) => box !== from && box !== to);
  const [lowest, highest] = [Math.min(...all.map(({ x }) => x)), Math.max(...all.map(({ x, width }) => x + width))];
  const hidden = (arc: Arc): number => {
    const around = near.filter((box) => meets(box, [arc.start, arc.control, arc.end]));
    return shares
      .map(arc.at)
      .filter(([x, y]) => x < lowest - EDGE || x > highest + EDGE || around.some((box) => holds(box, [x, y]))).length;
  };
  // As long to either side
  const more = wider.find((each) => lengthOf(bowed(from, to, 1, beside, each)) >= ROOM) ?? 0;
  const [left, right] = [bowed(from, to, 1, beside, more), bowed(from, to, -1, beside, more)];
  return hidden(right) < hidden(left) ? right : left;
}

/** Between the outermost boxes and the edge of the map. */
const EDGE = 12;
/** Nine steps are told apart. */
const ROOM = 110;
/** Around two boxes that lie close together. */
const wider = [0, 120, 240, 360];

const lengthOf = ({ at }: Arc): number =>
  shares.slice(1).reduce((sum, share, n) => sum + apart(at(share), at(shares[n] ?? 0)), 0);

const apart = ([ax, ay]: Point, [bx, by]: Point): number => Math.hypot(ax - bx, ay - by);

function bowed(from: Box, to: Box, side: 1 | -1, beside: number, more: number): Arc {
  const [a, b] = [middle(from), middle(to)];
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const far = Math.hypot(dx, dy) || 1;
  const bow = side * (Math.min(90, 18 + far * 0.16) + 22 * beside + more);
  const control: Point = [(a[0] + b[0]) / 2 + (dy / far) * bow, (a[1] + b[1]) / 2 - (dx / far) * bow];
  const whole = (t: number): Point => {
    const [u, v, w] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2];
    return [u * a[0] + v * control[0] + w * b[0], u * a[1] + v * control[1] + w * b[1]];
  };
  const first = shares.find((t) => !holds(from, whole(t))) ?? 0;
  const last = shares.findLast((t) => !holds(to, whole(t))) ?? 1;
  const [t0, t1] = first < last ? [first, last] : [0, 1];
  // The tangents at both ends of the part meet where its own control point is
  const mix = (p: Point, q: Point, t: number): Point => [p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t];
  return {
    start: whole(t0),
    control: mix(mix(a, control, t0), mix(control, b, t0), t1),
    end: whole(t1),
    at: (share) => whole(t0 + (t1 - t0) * share),
  };
}

export const pathOf = (arc: Arc | undefined): string => {
  if (arc === undefined) return '';
  const [start, control, end] = [arc.start, arc.control, arc.end].map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  return `M ${start} Q ${control} ${end}`;
};

/** The three corners of its head. */
export function headOf({ end: [x, y], at }: Arc): string {
  const [fromX, fromY] = at(0.93);
  const turned = Math.atan2(y - fromY, x - fromX);
  const corner = (angle: number, far: number): string =>
    `${(x + far * Math.cos(turned + angle)).toFixed(1)},${(y + far * Math.sin(turned + angle)).toFixed(1)}`;
  return [corner(0, 3), corner(2.6, 9), corner(-2.6, 9)].join(' ');
}

const middle = ({ x, y, width, height }: Box): Point => [x + width / 2, y + height / 2];

const holds = ({ x, y, width, height }: Box, [px, py]: Point): boolean =>
  px > x - 4 && px < x + width + 4 && py > y - 4 && py < y + height + 4;

/** Something of what lies between these corners may be in it. */
const meets = (box: Box, corners: readonly Point[]): boolean => {
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  return (
    Math.max(...xs) > box.x - 4 &&
    Math.min(...xs) < box.x + box.width + 4 &&
    Math.max(...ys) > box.y - 4 &&
    Math.min(...ys) < box.y + box.height + 4
  );
};
