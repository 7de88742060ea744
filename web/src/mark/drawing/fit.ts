import type { Size } from '../../photos/photo';
import type { Mark } from '../mark';
import { SIDE_MAX_PX } from '../ranges';

/** The longest side that WebP can hold. */
const WEBP_SIDE_MAX_PX = 16_383;

/** A photo that was not chosen yet has the size that most cameras write. */
export const SAMPLE_SIZE: Size = { width: 3000, height: 2000 };

/** Width and height of the result: in the mark's box, the ratio kept, never enlarged. */
export function outputSize(photo: Size, mark: Pick<Mark, 'width' | 'height' | 'format'>): Size {
  const sideMax = mark.format === 'webp' ? WEBP_SIDE_MAX_PX : SIDE_MAX_PX;
  const box = {
    width: Math.min(mark.width ?? SIDE_MAX_PX, sideMax),
    height: Math.min(mark.height ?? SIDE_MAX_PX, sideMax),
  };
  return fitted(photo, box);
}

export function fitted({ width, height }: Size, box: Size): Size {
  if (width <= box.width && height <= box.height) return { width, height };
  const scaled = (side: number, to: number, from: number) =>
    Math.max(1, Math.floor((side * to + Math.floor(from / 2)) / from));
  if (width * box.height >= height * box.width) {
    return { width: box.width, height: scaled(height, box.width, width) };
  }
  return { width: scaled(width, box.height, height), height: box.height };
}
