import { describe, expect, it } from 'vitest';
import { MARK_DEFAULT, POSITIONS } from '../mark';
import { outputSize } from './fit';
import { blockOf, columnOf } from './layout';
import { extentOf, regionOf, scaleOf } from './placement';
import { tileCorners } from './tiling';
import type { Typeset } from './typeset';

const OUTPUT = { width: 1600, height: 900 };

/** Two lines of boxes, four and two ems wide. */
function twoLines(): Typeset {
  const line = (text: string, width: number) => {
    const ink = { left: 0.1, right: 0.1 + width, top: -0.7, bottom: 0 };
    return { text, direction: 'ltr' as const, inks: [ink], ink };
  };
  return { lines: [line('wide', 4), line('thin', 2)], lineSpacing: 1.2, capHeight: 0.7 };
}

describe('a result', () => {
  it.each([
    [
      { width: 4000, height: 3000 },
      { width: 1440, height: 1080 },
    ],
    [
      { width: 3000, height: 4000 },
      { width: 810, height: 1080 },
    ],
    [
      { width: 800, height: 600 },
      { width: 800, height: 600 },
    ],
  ])('fits %o into the box and is never enlarged', (photo, fitted) => {
    expect(outputSize(photo, MARK_DEFAULT)).toEqual(fitted);
  });

  it('is free on a side that is not named', () => {
    const mark = { ...MARK_DEFAULT, width: 1000, height: null };
    expect(outputSize({ width: 2000, height: 9000 }, mark)).toEqual({ width: 1000, height: 4500 });
  });
});

describe('a block', () => {
  it('is even on the side where the mark stands', () => {
    expect(POSITIONS.map((place) => columnOf('auto', place)).join(' ')).toBe(
      'left middle right left middle right left middle right',
    );
    expect(columnOf('left', 'bottom-right')).toBe('left');
  });

  it('keeps its lines a line apart and their ink within', () => {
    const block = blockOf(twoLines(), null, MARK_DEFAULT, 'right');
    const [wide, thin] = block.lines;
    expect(wide?.x).toBeCloseTo(-0.1);
    expect(thin?.x).toBeCloseTo(1.9);
    expect((thin?.y ?? 0) - (wide?.y ?? 0)).toBeCloseTo(1.2);
    expect([block.width, block.height]).toEqual([expect.closeTo(4), expect.closeTo(1.9)]);
  });

  it('is as wide as it was high once it is turned by 90°', () => {
    const block = blockOf(twoLines(), null, { ...MARK_DEFAULT, rotateDegrees: 90 }, 'left');
    expect([block.width, block.height]).toEqual([expect.closeTo(1.9), expect.closeTo(4)]);
  });

  it('has its logo above the text, as high as both shares say', () => {
    const mark = { ...MARK_DEFAULT, sizePercent: 3, logoSizePercent: 12 };
    const block = blockOf(twoLines(), 2, mark, 'left');
    expect(block.logo).toEqual({
      left: 0,
      right: expect.closeTo(5.6),
      top: 0,
      bottom: expect.closeTo(2.8),
    });
    expect(block.upright[1]).toBeCloseTo(2.8 + 0.7 * 0.7 + 1.9);
  });
});

describe('a mark', () => {
  const block = blockOf(twoLines(), null, MARK_DEFAULT, 'left');

  it('has capitals of its share of √(width·height), and of 6 px at least', () => {
    expect(scaleOf(block, 3, OUTPUT).em * 0.7).toBeCloseTo(36);
    expect(scaleOf(block, 0.5, { width: 300, height: 300 }).em * 0.7).toBeCloseTo(6);
  });

  it('becomes smaller where it would not fit between the margins, and says so', () => {
    const scale = scaleOf(block, 25, { width: 400, height: 2000 });
    expect(scale.shrunk).toBe(true);
    expect(extentOf(block, scale, { width: 400, height: 2000 }).width).toBeLessThan(400);
  });

  it('keeps the margin at every place', () => {
    const extent = { width: 300, height: 100 };
    const corners = POSITIONS.map((place) => {
      const { x, y } = regionOf(place, extent, OUTPUT);
      return `${x},${y}`;
    });
    expect(corners.join(' ')).toBe(
      '30,30 650,30 1270,30 30,400 650,400 1270,400 30,770 650,770 1270,770',
    );
  });
});

describe('a pattern', () => {
  const block = blockOf(twoLines(), null, { ...MARK_DEFAULT, sizePercent: 2 }, 'tile');
  const scale = scaleOf(block, 2, OUTPUT);
  const extent = extentOf(block, scale, OUTPUT);
  const corners = tileCorners(block, scale, 50, OUTPUT, extent);

  it('has one mark in the middle of the picture', () => {
    const middle = [(1600 - extent.width) / 2, (900 - extent.height) / 2].map(Math.round);
    expect(corners).toContainEqual(middle);
  });

  it('is a wall of bricks: every other row is moved by half a mark', () => {
    const rows = [...new Set(corners.map(([, y]) => y))];
    const [first, second, third] = rows.map((row) => corners.find(([, y]) => y === row)?.[0]);
    const step = block.upright[0] * scale.em + 2 * scale.halo + 50;
    expect(Math.abs((second ?? 0) - (first ?? 0))).toBeCloseTo(step / 2, -1);
    expect(third).toBe(first);
  });
});
