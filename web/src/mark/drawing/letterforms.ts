import { type Coverage, widened } from './coverage';
import type { Letters } from './letters';
import { reachOf } from './placement';
import type { Turn } from './rectangle';
import type { Arrangement } from './scene';
import { blankSheet } from './sheet';
import { preparePen } from './typeset';

/** Letters from this size on are drawn as paths: they stand where they are put, and are as strong as they are large. */
const EXACT_FROM_PX = 256;
/** Samples that are looked at for it: some 10 ms of work. A mark that needs more is large or long, and its letters less exact. */
const SAMPLES_MAX = 3_000_000;
/** Letters of half a pixel more or less are not seen from this size on. */
const LARGE_FROM_PX = 64;

/** How many samples make one pixel, across and down. */
type Samples = readonly [across: number, down: number];

/** The browser draws the letters as one shape; the halo is grown from them by the engine's rule. */
export function coverageOf(
  { block, scale, extent }: Arrangement,
  letters: Letters,
  share: number,
): Coverage {
  const width = Math.max(1, Math.ceil(extent.width * share));
  const height = Math.max(1, Math.ceil(extent.height * share));
  const em = scale.em * share;
  const [across, down] = samplesOf(block.turn, em, width * height);
  const sheet = blankSheet(width * across, height * down);
  const { cos, sin, x, y } = block.turn;
  const place = (ems: number) => ems * em + reachOf(scale.halo) * share;
  sheet.setTransform(
    cos * across,
    sin * down,
    -sin * across,
    cos * down,
    place(x) * across,
    place(y) * down,
  );
  for (const line of block.lines) {
    preparePen(sheet, letters, em, line.direction);
    sheet.fillText(line.text, line.x * em, line.y * em);
  }
  const covered = averaged(sheet, width, height, [across, down]);
  return { width, height, letters: covered, halo: widened(covered, width, scale.halo * share) };
}

/** As many as make the letters paths, if they are not too many. */
function samplesOf(turn: Turn, em: number, pixels: number): Samples {
  const samples = Math.max(1, Math.ceil(EXACT_FROM_PX / em));
  const isAffordable = pixels * samples * samples <= SAMPLES_MAX;
  return isAffordable ? [samples, samples] : samplesAcrossLines(turn, em);
}

/**
 * Browsers move the baseline of upright or lying letters to whole pixels, and the engine does not: several samples a pixel
 * leave less to move. Letters at a slant stay where they are put.
 */
function samplesAcrossLines({ cos, sin }: Turn, em: number): Samples {
  const samples = em >= LARGE_FROM_PX ? 2 : 4;
  if (Math.abs(sin) < 1e-6) return [1, samples];
  return Math.abs(cos) < 1e-6 ? [samples, 1] : [1, 1];
}

function averaged(
  sheet: CanvasRenderingContext2D,
  width: number,
  height: number,
  [across, down]: Samples,
): Uint8Array {
  const { data } = sheet.getImageData(0, 0, width * across, height * down);
  const sums = new Uint32Array(width * height);
  let from = 3;
  for (let y = 0; y < height * down; y += 1) {
    const row = Math.floor(y / down) * width;
    for (let x = 0; x < width * across; x += 1) {
      const at = row + Math.floor(x / across);
      sums[at] = (sums[at] ?? 0) + (data[from] ?? 0);
      from += 4;
    }
  }
  const samples = across * down;
  return Uint8Array.from(sums, (sum) => Math.round(sum / samples));
}
