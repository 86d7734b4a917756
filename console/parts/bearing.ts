type Way = readonly [x: number, y: number];

const ways: Readonly<Record<string, Way>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export const bearing = (key: string): Way | undefined => ways[key];

/** Of these the nearest one that lies this way: what is off the way counts as further. */
export function nearest(from: Element, places: readonly HTMLElement[], [x, y]: Way): HTMLElement | undefined {
  const [fromX, fromY] = middle(from);
  const far = (place: Element): number => {
    const [toX, toY] = middle(place);
    const [along, aside] = [
      (toX - fromX) * x + (toY - fromY) * y,
      Math.abs((toX - fromX) * y) + Math.abs((toY - fromY) * x),
    ];
    return along < 4 ? Number.POSITIVE_INFINITY : along + 2 * aside;
  };
  const [best] = places
    .filter((place) => place !== from)
    .map((place) => ({ place, far: far(place) }))
    .filter((one) => Number.isFinite(one.far))
    .toSorted((a, b) => a.far - b.far);
  return best?.place;
}

function middle(element: Element): readonly [number, number] {
  const { left, top, width, height } = element.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}
