import type { Size } from '../../photos/photo';
import type { Region } from './rectangle';

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** The pixels of a picture as it shows: red, green, blue and alpha, row by row. They are opaque. */
export interface Ground extends Size {
  readonly data: Uint8ClampedArray;
}

/** Luma as BT.601 weighs it, of the pixel whose red stands `at`. */
export function lumaAt(data: Uint8ClampedArray, at: number): number {
  // Said once a pixel: three numbers cost less than a list of them.
  const weighed = 299 * (data[at] ?? 0) + 587 * (data[at + 1] ?? 0) + 114 * (data[at + 2] ?? 0);
  return Math.floor((weighed + 500) / 1000);
}

/** Samples of a region that are looked at: a grid of 64 × 64 shows every branch of a tree. */
const SAMPLES_MAX = 4096;

/** Mean difference of luma between neighbours of a grid laid over `region`, in thousandths. */
export function edgeEnergy(ground: Ground, region: Region): number {
  const every = Math.max(1, Math.ceil(Math.sqrt((region.width * region.height) / SAMPLES_MAX)));
  let [sum, count] = [0, 0];
  let above: number[] = [];
  for (let y = region.y; y < region.y + region.height; y += every) {
    const row: number[] = [];
    for (let x = region.x; x < region.x + region.width; x += every) {
      const luma = lumaAt(ground.data, 4 * (y * ground.width + x));
      const [left, up] = [row.at(-1), above[row.length]];
      if (left !== undefined) sum += Math.abs(luma - left);
      if (up !== undefined) sum += Math.abs(luma - up);
      row.push(luma);
    }
    count += row.length;
    above = row;
  }
  return Math.floor((sum * 1000) / Math.max(1, count));
}
