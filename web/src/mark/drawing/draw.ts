import { edgePlaces } from './contrast';
import type { Coverage } from './coverage';
import { type InkLook, legibleInk, type Stamp } from './ink';
import { coverageOf } from './letterforms';
import { reachOf } from './placement';
import { type Ink, turnedPoint } from './rectangle';
import { type Arrangement, arrangementOf, type Scene, shownShare } from './scene';
import { blankSheet } from './sheet';
import type { Corner } from './tiling';

/** What the preview shows, for who cannot see it, and for tests. */
export interface Drawn {
  readonly arrangement: Arrangement;
  /** What the letters are drawn with; of a pattern, those of the mark that needs the most. Null without letters. */
  readonly ink: InkLook | null;
  /** The contrast that all marks reach. */
  readonly contrast: number | null;
  /** In the pixels of the canvas. */
  readonly coverage: Coverage | null;
  readonly corners: readonly Corner[];
}

/** The edge places that opacities are tried on in one mark, as in the engine, and in all marks of a pattern together. */
const TRIED_PLACES_MAX = 512;
const TRIED_PLACES_OF_ALL_MAX = 32_768;
const TRIED_PLACES_MIN = 24;

/** Draws the mark onto `pen`, whose canvas has the ground's size and shows it already. */
export function drawMark(pen: CanvasRenderingContext2D, scene: Scene): Drawn {
  const arrangement = arrangementOf(scene);
  const share = shownShare(scene);
  const corners = arrangement.corners.map(
    ([x, y]): Corner => [Math.round(x * share), Math.round(y * share)],
  );
  drawLogos(pen, scene, arrangement, corners, share);
  const coverage =
    arrangement.block.lines.length > 0 ? coverageOf(arrangement, scene.letters, share) : null;
  const drawn = coverage ? drawLetters(pen, scene, coverage, corners) : NO_LETTERS;
  return { arrangement, coverage, corners, ...drawn };
}

const NO_LETTERS = { ink: null, contrast: null };

function drawLetters(
  pen: CanvasRenderingContext2D,
  { mark, ground }: Scene,
  coverage: Coverage,
  corners: readonly Corner[],
): Pick<Drawn, 'ink' | 'contrast'> {
  const edge = triedPlaces(coverage, corners.length);
  const veils = new Map<string, HTMLCanvasElement>();
  let strongest: InkLook | null = null;
  let least: number | null = null;
  for (const corner of corners) {
    const stamp: Stamp = { corner, coverage, edge };
    const { ink, contrast } = legibleInk(mark, ground, stamp);
    const key = JSON.stringify(ink);
    const sheet = veils.get(key) ?? veilOf(coverage, ink);
    veils.set(key, sheet);
    pen.drawImage(sheet, corner[0], corner[1]);
    if (!strongest || ink.opacity > strongest.opacity) strongest = ink;
    if (contrast !== null) least = Math.min(contrast, least ?? contrast);
  }
  return { ink: strongest, contrast: least };
}

function triedPlaces(coverage: Coverage, stamps: number): Stamp['edge'] {
  const edge = edgePlaces(coverage);
  const share = Math.floor(TRIED_PLACES_OF_ALL_MAX / Math.max(1, stamps));
  const max = Math.min(TRIED_PLACES_MAX, Math.max(TRIED_PLACES_MIN, share));
  const every = Math.max(1, Math.ceil(edge.length / max));
  return edge.filter((_, index) => index % every === 0);
}

/** Letters over their halo as one picture of straight alpha. */
function veilOf(coverage: Coverage, ink: InkLook): HTMLCanvasElement {
  const sheet = blankSheet(coverage.width, coverage.height);
  const image = sheet.createImageData(coverage.width, coverage.height);
  const { data } = image;
  const [red, green, blue] = ink.letters;
  const [haloRed, haloGreen, haloBlue] = ink.halo ?? ink.letters;
  for (let at = 0; at < coverage.letters.length; at += 1) {
    const covered = (coverage.letters[at] ?? 0) / 255;
    const around = ink.halo ? ((coverage.halo[at] ?? 0) / 255) * (1 - covered) : 0;
    const alpha = covered + around;
    if (alpha === 0) continue;
    data[4 * at] = (red * covered + haloRed * around) / alpha;
    data[4 * at + 1] = (green * covered + haloGreen * around) / alpha;
    data[4 * at + 2] = (blue * covered + haloBlue * around) / alpha;
    data[4 * at + 3] = 255 * alpha * ink.opacity;
  }
  sheet.putImageData(image, 0, 0);
  return sheet.canvas;
}

/** The logo keeps its colours, and all of it shows unless an opacity was asked for. */
function drawLogos(
  pen: CanvasRenderingContext2D,
  { mark, logo }: Scene,
  arrangement: Arrangement,
  corners: readonly Corner[],
  share: number,
): void {
  const place = arrangement.block.logo;
  if (!logo || !place) return;
  pen.save();
  pen.imageSmoothingQuality = 'high';
  pen.globalAlpha = mark.opacity === 'auto' ? 1 : mark.opacity;
  for (const [x, y] of corners) {
    pen.setTransform(1, 0, 0, 1, x, y);
    layLogo(pen, logo.image, arrangement, place, share);
  }
  pen.restore();
}

/** An upright logo lies on whole pixels, where it stays as sharp as it is. */
function layLogo(
  pen: CanvasRenderingContext2D,
  image: CanvasImageSource,
  { block: { turn }, scale }: Arrangement,
  place: Ink,
  share: number,
): void {
  const [x, y] = turnedPoint(turn, place.left, place.top).map(
    (ems) => (ems * scale.em + reachOf(scale.halo)) * share,
  );
  const side = (ems: number) => Math.max(1, Math.round(ems * scale.em * share));
  const [width, height] = [side(place.right - place.left), side(place.bottom - place.top)];
  if (turn.sin === 0 && turn.cos === 1) {
    pen.drawImage(image, Math.round(x ?? 0), Math.round(y ?? 0), width, height);
    return;
  }
  pen.transform(turn.cos, turn.sin, -turn.sin, turn.cos, x ?? 0, y ?? 0);
  pen.drawImage(image, 0, 0, width, height);
}
