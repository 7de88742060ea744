import type { Size } from '../../photos/photo';
import type { Block } from './layout';
import type { Scale } from './placement';

/** The upper left corner of a mark, which may lie outside of the picture. */
export type Corner = readonly [x: number, y: number];

/**
 * The corners of all marks that a picture shows of the pattern: a brick wall, turned as its marks are, one of which stands
 * in the middle of the picture.
 */
export function tileCorners(
  block: Block,
  scale: Scale,
  gap: number,
  output: Size,
  extent: Size,
): readonly Corner[] {
  const step = {
    along: block.upright[0] * scale.em + 2 * scale.halo + gap,
    across: block.upright[1] * scale.em + 2 * scale.halo + gap,
  };
  const radius =
    Math.hypot(output.width, output.height) / 2 + Math.max(extent.width, extent.height);
  const [rows, columns] = [Math.ceil(radius / step.across), Math.ceil(radius / step.along)];
  const [left, top] = [(output.width - extent.width) / 2, (output.height - extent.height) / 2];
  const { cos, sin } = block.turn;
  const corners: Corner[] = [];
  for (let row = -rows; row <= rows; row += 1) {
    for (let column = -columns; column <= columns; column += 1) {
      const along = (column + (row % 2 === 0 ? 0 : 0.5)) * step.along;
      const across = row * step.across;
      const x = Math.round(left + along * cos - across * sin);
      const y = Math.round(top + along * sin + across * cos);
      if (isSeen(x, extent.width, output.width) && isSeen(y, extent.height, output.height)) {
        corners.push([x, y]);
      }
    }
  }
  return corners;
}

function isSeen(from: number, length: number, side: number): boolean {
  return from >= -length && from < side;
}
