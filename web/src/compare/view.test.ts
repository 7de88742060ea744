import { expect, test } from 'vitest';
import { actualSize, CENTRED, fittedSize, moved, stepOf } from './view';

const FRAME = { width: 800, height: 600 };

test('at 100 % a pixel of the result is a pixel of the screen', () => {
  expect(actualSize({ width: 1920, height: 1080 }, 2)).toEqual({ width: 960, height: 540 });
});

test('a fitted picture keeps its shape, stays in the frame and is never enlarged', () => {
  expect(fittedSize({ width: 1600, height: 400 }, FRAME)).toEqual({ width: 800, height: 200 });
  expect(fittedSize({ width: 400, height: 1200 }, FRAME)).toEqual({ width: 200, height: 600 });
  expect(fittedSize({ width: 40, height: 30 }, FRAME)).toEqual({ width: 40, height: 30 });
});

test('a picture is not moved beyond its edge, and not at all where the frame is larger', () => {
  const shown = { width: 1000, height: 500 };
  expect(moved(CENTRED, { x: 500, y: 500 }, shown, FRAME)).toEqual({ x: 100, y: 0 });
  expect(moved({ x: 90, y: 0 }, { x: -500, y: 0 }, shown, FRAME)).toEqual({ x: -100, y: 0 });
});

test('an arrow brings into sight what lies in its direction', () => {
  expect(stepOf('ArrowRight')?.x).toBeLessThan(0);
  expect(stepOf('ArrowUp')?.y).toBeGreaterThan(0);
  expect(stepOf('a')).toBeNull();
});
