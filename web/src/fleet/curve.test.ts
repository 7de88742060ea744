import { expect, test } from 'vitest';
import { areaPath, linePath, SAMPLES_MAX, withSample } from './curve';

const BOX = { width: 149, height: 20 };

test('the newest figure is at the right edge and the highest at the top', () => {
  expect(linePath([0, 2, 1], BOX)).toBe('M147 20L148 0L149 10');
});

test('a fleet at rest is a flat line on the ground', () => {
  expect(linePath([0, 0], BOX)).toBe('M148 20L149 20');
});

test('the area is closed along the ground', () => {
  expect(areaPath([1, 1], BOX)).toBe('M148 0L149 0V20H148Z');
});

test('one figure is no line', () => {
  expect([linePath([3], BOX), areaPath([], BOX)]).toEqual(['', '']);
});

test('no more is remembered than is drawn', () => {
  let samples: readonly number[] = [];
  for (let n = 0; n < SAMPLES_MAX + 10; n++) samples = withSample(samples, n);
  expect(samples).toHaveLength(SAMPLES_MAX);
  expect(samples.at(-1)).toBe(SAMPLES_MAX + 9);
});
