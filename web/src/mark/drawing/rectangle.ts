/** A rectangle around ink; y grows downwards. */
export interface Ink {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A part of a picture, in pixels. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Turns a point clockwise around the origin and then moves it. */
export interface Turn {
  readonly cos: number;
  readonly sin: number;
  readonly x: number;
  readonly y: number;
}

export function union(inks: readonly Ink[]): Ink | null {
  const [first, ...others] = inks;
  if (!first) return null;
  return others.reduce(
    (one, other) => ({
      left: Math.min(one.left, other.left),
      right: Math.max(one.right, other.right),
      top: Math.min(one.top, other.top),
      bottom: Math.max(one.bottom, other.bottom),
    }),
    first,
  );
}

export function moved(ink: Ink, x: number, y: number): Ink {
  return {
    left: ink.left + x,
    right: ink.right + x,
    top: ink.top + y,
    bottom: ink.bottom + y,
  };
}

export function turnBy(degrees: number): Turn {
  if (degrees % 360 === 0) return { cos: 1, sin: 0, x: 0, y: 0 };
  const angle = (degrees * Math.PI) / 180;
  return { cos: Math.cos(angle), sin: Math.sin(angle), x: 0, y: 0 };
}

export function turnedPoint(turn: Turn, x: number, y: number): readonly [number, number] {
  return [x * turn.cos - y * turn.sin + turn.x, x * turn.sin + y * turn.cos + turn.y];
}

/** The upright rectangle around a turned one. */
export function turnedInk(turn: Turn, ink: Ink): Ink {
  const corners = [
    turnedPoint(turn, ink.left, ink.top),
    turnedPoint(turn, ink.right, ink.top),
    turnedPoint(turn, ink.left, ink.bottom),
    turnedPoint(turn, ink.right, ink.bottom),
  ];
  const [across, down] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  return {
    left: Math.min(...across),
    right: Math.max(...across),
    top: Math.min(...down),
    bottom: Math.max(...down),
  };
}
