import type { Mark } from '../mark';
import { contrast, type EdgePlace, luminance, reached } from './contrast';
import type { Coverage } from './coverage';
import { type Ground, lumaAt, type Rgb } from './ground';
import type { Corner } from './tiling';

// The same figures as in `engine/src/watermark/ink.rs`, where their reasons stand.
const LIGHT: Rgb = [255, 255, 255];
const DARK: Rgb = [0, 0, 0];
const LIGHT_FROM_LUMA = 118;
const CONTRAST_AIMED_AT = 5;
const OPACITIES = [0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1] as const;

/** What the mark is drawn with. */
export interface InkLook {
  readonly letters: Rgb;
  /** The opposite of an automatic colour; a colour that was picked has none. */
  readonly halo: Rgb | null;
  /** 0 to 1. */
  readonly opacity: number;
}

/** Coverage as it comes to lie on a picture. */
export interface Stamp {
  readonly corner: Corner;
  readonly coverage: Coverage;
  /** The places that an opacity is tried on. */
  readonly edge: readonly EdgePlace[];
}

/** What the ink does to one pixel: the ground and what an opaque ink would change. */
type Blend = readonly [ground: Rgb, change: Rgb];

/** The ink that can be read where `stamp` lies, as far as the mark leaves the choice, and the contrast it reaches. */
export function legibleInk(
  mark: Pick<Mark, 'color' | 'opacity'>,
  ground: Ground,
  stamp: Stamp,
): { readonly ink: InkLook; readonly contrast: number | null } {
  const opaque = opaqueInk(mark.color, ground, stamp);
  const places = blendsAtEdge(ground, stamp, opaque);
  const opacity = mark.opacity === 'auto' ? legibleOpacity(places) : mark.opacity;
  return { ink: { ...opaque, opacity }, contrast: contrastAt(places, opacity) };
}

/** How much of the letters and how much of the halo lies over a pixel, 0 to 1. */
function veil(ink: InkLook, letters: number, halo: number): readonly [number, number] {
  const covered = letters / 255;
  const around = ink.halo ? (halo / 255) * (1 - covered) : 0;
  return [covered * ink.opacity, around * ink.opacity];
}

function opaqueInk(color: Mark['color'], ground: Ground, stamp: Stamp): InkLook {
  if (color !== 'auto') return { letters: rgbOf(color), halo: null, opacity: 1 };
  const isDark = lumaBeneath(ground, stamp) < LIGHT_FROM_LUMA;
  return isDark
    ? { letters: LIGHT, halo: DARK, opacity: 1 }
    : { letters: DARK, halo: LIGHT, opacity: 1 };
}

function rgbOf(color: string): Rgb {
  const value = Number.parseInt(color.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** Mean luma of the ground under the letters, each pixel as much as they cover of it. */
function lumaBeneath(ground: Ground, { corner: [left, top], coverage }: Stamp): number {
  let [sum, weight] = [0, 0];
  const rows = [Math.max(0, -top), Math.min(coverage.height, ground.height - top)] as const;
  const columns = [Math.max(0, -left), Math.min(coverage.width, ground.width - left)] as const;
  for (let y = rows[0]; y < rows[1]; y += 1) {
    for (let x = columns[0]; x < columns[1]; x += 1) {
      const letters = coverage.letters[y * coverage.width + x] ?? 0;
      if (letters === 0) continue;
      sum += letters * lumaAt(ground.data, 4 * ((top + y) * ground.width + left + x));
      weight += letters;
    }
  }
  return sum / Math.max(1, weight);
}

/** What `opaque` ink makes of both sides of each place along the edge that is seen. */
function blendsAtEdge(ground: Ground, stamp: Stamp, opaque: InkLook): readonly Blend[] {
  const blends: Blend[] = [];
  for (const { inside, outside } of stamp.edge) {
    const [one, other] = [
      blendAt(ground, stamp, opaque, inside),
      blendAt(ground, stamp, opaque, outside),
    ];
    if (one && other) blends.push(one, other);
  }
  return blends;
}

function blendAt(ground: Ground, stamp: Stamp, ink: InkLook, at: number): Blend | null {
  const { coverage, corner } = stamp;
  const x = corner[0] + (at % coverage.width);
  const y = corner[1] + Math.floor(at / coverage.width);
  if (x < 0 || y < 0 || x >= ground.width || y >= ground.height) return null;
  const [letters, halo] = veil(ink, coverage.letters[at] ?? 0, coverage.halo[at] ?? 0);
  const from = 4 * (y * ground.width + x);
  const channel = (index: 0 | 1 | 2) => ground.data[from + index] ?? 0;
  const beneath: Rgb = [channel(0), channel(1), channel(2)];
  const change = (index: 0 | 1 | 2) =>
    ink.letters[index] * letters +
    (ink.halo?.[index] ?? 0) * halo -
    beneath[index] * (letters + halo);
  return [beneath, [change(0), change(1), change(2)]];
}

/** The smallest opacity at which the letters stand out from what is beside them; all of it where none is enough. */
function legibleOpacity(places: readonly Blend[]): number {
  const isEnough = (opacity: number) => (contrastAt(places, opacity) ?? 0) >= CONTRAST_AIMED_AT;
  return OPACITIES.find(isEnough) ?? 1;
}

function contrastAt(places: readonly Blend[], opacity: number): number | null {
  const contrasts = new Float32Array(places.length / 2);
  for (let index = 0; index < contrasts.length; index += 1) {
    const [inside, outside] = [places[2 * index], places[2 * index + 1]];
    if (!inside || !outside) continue;
    contrasts[index] = contrast(luminanceOf(inside, opacity), luminanceOf(outside, opacity));
  }
  return reached(contrasts);
}

function luminanceOf([ground, change]: Blend, opacity: number): number {
  const channel = (index: 0 | 1 | 2) =>
    Math.min(255, Math.max(0, Math.floor(ground[index] + change[index] * opacity + 0.5)));
  return luminance(channel(0), channel(1), channel(2));
}
