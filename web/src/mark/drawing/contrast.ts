import type { Coverage } from './coverage';

/** Of a hundred edge places, those that have to reach a contrast before the mark does. */
const PLACES_PERCENT = 95;

/** A place where a letter ends: a pixel of the letter and one beside it, as indices into the coverage. */
export interface EdgePlace {
  readonly inside: number;
  readonly outside: number;
}

const LINEAR = Float32Array.from({ length: 256 }, (_, value) => {
  const channel = value / 255;
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
});

/** Relative luminance as WCAG 2.2 defines it, of whole channels. */
export function luminance(red: number, green: number, blue: number): number {
  return 0.2126 * (LINEAR[red] ?? 0) + 0.7152 * (LINEAR[green] ?? 0) + 0.0722 * (LINEAR[blue] ?? 0);
}

/** Contrast ratio as WCAG 2.2 defines it, 1 to 21. */
export function contrast(one: number, other: number): number {
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

/** What 95 % of the places reach; null if there are none. */
export function reached(contrasts: Float32Array): number | null {
  const needed = Math.ceil((contrasts.length * PLACES_PERCENT) / 100);
  const sorted = contrasts.slice().sort();
  return sorted[contrasts.length - needed] ?? null;
}

/** All places where letters end, row by row: see ADR 12. */
export function edgePlaces(coverage: Coverage): readonly EdgePlace[] {
  const { width, height, letters } = coverage;
  const places: EdgePlace[] = [];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (isCovered(letters[y * width + x]) && endsAt(coverage, x, y)) {
        places.push(around(coverage, x, y));
      }
    }
  }
  return places;
}

function isCovered(letters: number | undefined): boolean {
  return (letters ?? 0) >= 128;
}

function endsAt({ width, height, letters }: Coverage, x: number, y: number): boolean {
  const at = y * width + x;
  return (
    (x > 0 && !isCovered(letters[at - 1])) ||
    (y > 0 && !isCovered(letters[at - width])) ||
    (x + 1 < width && !isCovered(letters[at + 1])) ||
    (y + 1 < height && !isCovered(letters[at + width]))
  );
}

/** The most and the least covered pixel of the nine; of equally free ones the one most in the halo. */
function around({ width, height, letters, halo }: Coverage, x: number, y: number): EdgePlace {
  let inside = y * width + x;
  let outside = inside;
  for (let row = Math.max(0, y - 1); row < Math.min(height, y + 2); row += 1) {
    for (let column = Math.max(0, x - 1); column < Math.min(width, x + 2); column += 1) {
      const near = row * width + column;
      const covered = letters[near] ?? 0;
      const least = letters[outside] ?? 0;
      if (covered > (letters[inside] ?? 0)) inside = near;
      const isFreer = covered === least && (halo[near] ?? 0) > (halo[outside] ?? 0);
      if (covered < least || isFreer) outside = near;
    }
  }
  return { inside, outside };
}
