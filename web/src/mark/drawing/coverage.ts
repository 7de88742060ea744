/** How much of each pixel lies inside the letters, and how much in the halo around them, 0 to 255, row by row. */
export interface Coverage {
  readonly width: number;
  readonly height: number;
  readonly letters: Uint8Array;
  /** The letters and a thin band around them. */
  readonly halo: Uint8Array;
}

/**
 * `letters`, grown by `radius` pixels to all sides.
 *
 * Whatever is at least half covered counts as whole, as in the engine. Only pixels beside a weaker one shine: of the others
 * a neighbour is as strong and nearer to every pixel around.
 */
export function widened(letters: Uint8Array, width: number, radius: number): Uint8Array {
  const solid = letters.map((value) => Math.min(255, 2 * value));
  const halo = solid.slice();
  const disc = discOf(radius);
  const height = width > 0 ? letters.length / width : 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const value = solid[y * width + x] ?? 0;
      if (value > 0 && isBesideWeaker(solid, width, height, x, y, value)) {
        shine(halo, width, height, x, y, value, disc);
      }
    }
  }
  return halo;
}

/** A pixel around another one, and how much of it is in the disc, of 256. */
type Around = readonly [right: number, down: number, weight: number];

function discOf(radius: number): readonly Around[] {
  const reach = Math.ceil(radius);
  const disc: Around[] = [];
  for (let down = -reach; down <= reach; down += 1) {
    for (let right = -reach; right <= reach; right += 1) {
      const within = radius + 1 - Math.hypot(right, down);
      const weight = Math.floor(Math.min(1, Math.max(0, within)) * 256);
      if (weight > 0) disc.push([right, down, weight]);
    }
  }
  return disc;
}

function isBesideWeaker(
  solid: Uint8Array,
  width: number,
  height: number,
  x: number,
  y: number,
  value: number,
): boolean {
  const at = y * width + x;
  return (
    (x > 0 && (solid[at - 1] ?? 0) < value) ||
    (x + 1 < width && (solid[at + 1] ?? 0) < value) ||
    (y > 0 && (solid[at - width] ?? 0) < value) ||
    (y + 1 < height && (solid[at + width] ?? 0) < value)
  );
}

function shine(
  halo: Uint8Array,
  width: number,
  height: number,
  x: number,
  y: number,
  value: number,
  disc: readonly Around[],
): void {
  for (const [right, down, weight] of disc) {
    const [column, row] = [x + right, y + down];
    if (column < 0 || column >= width || row < 0 || row >= height) continue;
    const at = row * width + column;
    const brightness = (value * weight) >> 8;
    if (brightness > (halo[at] ?? 0)) halo[at] = brightness;
  }
}
