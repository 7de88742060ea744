import type { Size } from '../../photos/photo';
import type { Place } from '../mark';
import type { Block } from './layout';
import type { Region } from './rectangle';

// The same figures as in `engine/src/watermark/placement.rs`, where their reasons stand.
const MARGIN = 0.025;
const HALO = 0.05;
const HALO_MIN_PX = 1.25;
const HALO_MAX_PX = 4;
const CAP_HEIGHT_MIN_PX = 6;

/** How large the mark is drawn, in pixels. */
export interface Scale {
  /** Pixels an em. */
  readonly em: number;
  /** How far the halo reaches beyond the letters. */
  readonly halo: number;
  /** Whether it had to become smaller than was asked for. */
  readonly shrunk: boolean;
}

/** √(width·height): portrait, landscape and panorama of one area have marks of one size. */
export function unitOf({ width, height }: Size): number {
  return Math.sqrt(width * height);
}

/** As large as the mark says; smaller where it would not fit between the margins. */
export function scaleOf(block: Block, sizePercent: number, output: Size): Scale {
  const unit = unitOf(output);
  const askedFor = (unit * sizePercent) / 100;
  const capHeight = block.lines.length > 0 ? Math.max(askedFor, CAP_HEIGHT_MIN_PX) : askedFor;
  const halo = Math.min(HALO_MAX_PX, Math.max(HALO_MIN_PX, HALO * capHeight));
  const room = (side: number) => Math.max(0.5, side - 2 * MARGIN * unit - 2 * reachOf(halo) - 1);
  const wished = capHeight / block.capHeight;
  const em = Math.min(
    wished,
    room(output.width) / Math.max(block.width, Number.EPSILON),
    room(output.height) / Math.max(block.height, Number.EPSILON),
  );
  return { em, halo, shrunk: em < wished };
}

/** Whole pixels that hold the halo. */
export function reachOf(halo: number): number {
  return Math.ceil(halo) + 1;
}

/** Width and height of what the mark may touch. */
export function extentOf(block: Block, scale: Scale, output: Size): Size {
  const pixels = (ems: number, max: number) =>
    Math.min(max, Math.ceil(ems * scale.em) + 2 * reachOf(scale.halo));
  return {
    width: pixels(block.width, output.width),
    height: pixels(block.height, output.height),
  };
}

/** The part of the picture that a mark of this extent may touch at one of the nine places. */
export function regionOf(place: Place, extent: Size, output: Size): Region {
  const margin = Math.floor(MARGIN * unitOf(output));
  return {
    x: offset(endOf(place, 'left', 'right'), output.width - extent.width, margin),
    y: offset(endOf(place, 'top', 'bottom'), output.height - extent.height, margin),
    ...extent,
  };
}

type End = 'near' | 'middle' | 'far';

function endOf(place: Place, near: string, far: string): End {
  const words = place.split('-');
  return words.includes(near) ? 'near' : words.includes(far) ? 'far' : 'middle';
}

function offset(end: End, spare: number, wished: number): number {
  const middle = Math.floor(spare / 2);
  const margin = Math.min(wished, middle);
  return end === 'near' ? margin : end === 'far' ? spare - margin : middle;
}
