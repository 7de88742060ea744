import type { Size } from '../photos/photo';

/** How the pictures lie in their frame: all of them in sight, or pixel for pixel and moved by hand. */
export type Zoom = 'fit' | 'actual';

/** How far the pictures' middle is from the frame's, in CSS pixels. */
export interface Offset {
  readonly x: number;
  readonly y: number;
}

export const CENTRED: Offset = { x: 0, y: 0 };

/** The size in CSS pixels at which one pixel of the result is one pixel of the screen. */
export function actualSize({ width, height }: Size, devicePixelRatio: number): Size {
  return { width: width / devicePixelRatio, height: height / devicePixelRatio };
}

/** All of it in sight, and never larger than it is: enlarged pixels would look worse than they are. */
export function fittedSize(actual: Size, frame: Size): Size {
  const scale = Math.min(1, frame.width / actual.width, frame.height / actual.height);
  return { width: actual.width * scale, height: actual.height * scale };
}

/** Moved by so much, but never so far that the frame shows what is beside the pictures. */
export function moved({ x, y }: Offset, by: Offset, shown: Size, frame: Size): Offset {
  return {
    x: clamp(x + by.x, room(shown.width, frame.width)),
    y: clamp(y + by.y, room(shown.height, frame.height)),
  };
}

/** How far it may be moved to each side. */
function room(shown: number, frame: number): number {
  return Math.max(0, (shown - frame) / 2);
}

function clamp(value: number, max: number): number {
  return Math.min(max, Math.max(-max, value));
}

/** What an arrow key moves the pictures by: what lies in its direction comes into sight. */
export function stepOf(key: string): Offset | null {
  switch (key) {
    case 'ArrowLeft':
      return { x: STEP_PX, y: 0 };
    case 'ArrowRight':
      return { x: -STEP_PX, y: 0 };
    case 'ArrowUp':
      return { x: 0, y: STEP_PX };
    case 'ArrowDown':
      return { x: 0, y: -STEP_PX };
    default:
      return null;
  }
}

const STEP_PX = 64;
