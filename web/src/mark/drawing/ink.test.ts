import { describe, expect, it } from 'vitest';
import { calmest } from './calm';
import { contrast, edgePlaces, luminance } from './contrast';
import { type Coverage, widened } from './coverage';
import type { Ground } from './ground';
import { legibleInk } from './ink';

const AUTO = { color: 'auto', opacity: 'auto' } as const;

/** A picture in which `paint` gives the grey of each pixel. */
function ground(width: number, height: number, paint: (x: number, y: number) => number): Ground {
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let at = 0; at < width * height; at += 1) {
    data.fill(paint(at % width, Math.floor(at / width)), 4 * at, 4 * at + 3);
  }
  return { width, height, data };
}

/** A bar of ten by four pixels with six pixels of room around. */
function bar(): Coverage {
  const [width, height] = [22, 16];
  const letters = new Uint8Array(width * height);
  for (let y = 6; y < 10; y += 1) letters.fill(255, y * width + 6, y * width + 16);
  return { width, height, letters, halo: widened(letters, width, 1.25) };
}

function inkOn(
  paint: (x: number, y: number) => number,
  mark: Parameters<typeof legibleInk>[0] = AUTO,
) {
  const coverage = bar();
  const stamp = { corner: [4, 4] as const, coverage, edge: edgePlaces(coverage) };
  return legibleInk(mark, ground(40, 40, paint), stamp);
}

describe('the ink', () => {
  it('is light on a dark ground and dark on a light one, with the opposite around', () => {
    const [dark, light] = [inkOn(() => 117), inkOn(() => 118)];
    expect(dark.ink).toMatchObject({ letters: [255, 255, 255], halo: [0, 0, 0] });
    expect(light.ink).toMatchObject({ letters: [0, 0, 0], halo: [255, 255, 255] });
  });

  it('looks under the letters and not beside them', () => {
    const underBar = (x: number, y: number) => x >= 10 && x < 20 && y >= 10 && y < 14;
    expect(inkOn((x, y) => (underBar(x, y) ? 20 : 250)).ink.letters).toEqual([255, 255, 255]);
  });

  it('has as little opacity as 5:1 needs, and more where the ground is mixed', () => {
    const calm = inkOn(() => 30);
    const mixed = inkOn((x, y) => (Math.imul(x * 41 + y, 0x9e3779b1) < 0 ? 0 : 255));
    expect(calm.ink.opacity).toBe(0.6);
    expect(mixed.ink.opacity).toBeGreaterThan(0.6);
    expect(mixed.contrast).toBeGreaterThanOrEqual(5);
  });

  it('is drawn as it was asked for, without a halo, and tells the contrast it reaches', () => {
    const { ink, contrast } = inkOn(() => 200, { color: '#ffb000', opacity: 0.5 });
    expect(ink).toEqual({ letters: [255, 176, 0], halo: null, opacity: 0.5 });
    expect(contrast).toBeLessThan(2);
  });
});

describe('contrast', () => {
  it('is what WCAG says', () => {
    const white = luminance(255, 255, 255);
    expect(contrast(white, luminance(118, 118, 118))).toBeCloseTo(4.54, 2);
    expect(contrast(white, luminance(0, 0, 255))).toBeCloseTo(8.59, 2);
  });

  it('is looked for where a letter ends, past the smoothing', () => {
    const letters = Uint8Array.of(0, 100, 200, 255, 255, 255);
    const halo = new Uint8Array(6).fill(255);
    expect(edgePlaces({ width: 6, height: 1, letters, halo })).toEqual([{ inside: 3, outside: 1 }]);
  });
});

describe('the halo', () => {
  it('is the brightest of all that shines there', () => {
    const [width, height, radius] = [13, 11, 2.6];
    const chance = (at: number) => (Math.imul(at, 0x9e3779b1) >>> 24) & 255;
    const letters = Uint8Array.from({ length: width * height }, (_, at) =>
      chance(at) % 5 === 0 ? chance(at + 7) : 0,
    );
    expect([...widened(letters, width, radius)]).toEqual(slowly(letters, width, radius));
  });
});

/** Every pixel for itself, as the halo is defined. */
function slowly(letters: Uint8Array, width: number, radius: number): number[] {
  const reach = Math.ceil(radius);
  return Array.from(letters, (_, at) => {
    const shining = Array.from(letters, (value, from) => {
      const right = Math.abs((at % width) - (from % width));
      const down = Math.abs(Math.floor(at / width) - Math.floor(from / width));
      if (right > reach || down > reach) return 0;
      const within = Math.min(1, Math.max(0, radius + 1 - Math.hypot(right, down)));
      return (Math.min(255, 2 * value) * Math.floor(within * 256)) >> 8;
    });
    return Math.max(...shining);
  });
}

describe('the calmest place', () => {
  const regions = {
    'top-left': [0, 0],
    top: [10, 0],
    'top-right': [20, 0],
    left: [0, 10],
    center: [10, 10],
    right: [20, 10],
    'bottom-left': [0, 20],
    bottom: [10, 20],
    'bottom-right': [20, 20],
  } as const;

  it('has the least edges, and is a corner among equals', () => {
    const find = (picture: Ground) =>
      calmest(picture, (place) => {
        const [x, y] = regions[place];
        return { x, y, width: 10, height: 10 };
      });
    const busyBut = (calm: (x: number, y: number) => boolean) =>
      ground(30, 30, (x, y) => (calm(x, y) ? 90 : ((x * 7 + y * 13) % 5) * 50));
    expect(find(busyBut((x, y) => x < 10 && y >= 10 && y < 20))).toBe('left');
    expect(find(ground(30, 30, () => 90))).toBe('bottom-right');
  });
});
