import { type Coverage, widened } from './coverage';
import type { Letters } from './letters';
import { reachOf } from './placement';
import type { Turn } from './rectangle';
import type { Arrangement } from './scene';
import { blankSheet } from './sheet';
import { preparePen } from './typeset';

/** Pixels an em that browsers draw letters at without moving them noticeably. */
const EXACT_FROM_PX = 256;
/** Samples that are looked at for it: some 10 ms of work. The letters of a mark that needs more are less exact. */
const SAMPLES_MAX = 2_000_000;

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
  // The font is as large as what is drawn, or upright letters would stand where those of a small one do; turned ones stand
  // better in a small font.
  const px = block.turn.sin === 0 ? em * Math.max(across, down) : em;
  const [right, below] = [(across * em) / px, (down * em) / px];
  sheet.setTransform(
    cos * right,
    sin * below,
    -sin * right,
    cos * below,
    place(x) * across,
    place(y) * down,
  );
  for (const line of block.lines) {
    preparePen(sheet, letters, px, line.text, line.direction);
    sheet.fillText(line.text, line.x * px, line.y * px);
  }
  const covered = averaged(sheet, width, height, [across, down]);
  return { width, height, letters: covered, halo: widened(covered, width, scale.halo * share) };
}

/**
 * Browsers move letters to whole or quarter pixels, and the engine does not: the more samples make a pixel, the less there
 * is to move. Where many are too many, there are several across the lines, because baselines are moved most.
 */
function samplesOf({ cos, sin }: Turn, em: number, pixels: number): Samples {
  const wished = Math.max(1, Math.ceil(EXACT_FROM_PX / em));
  const samples = Math.min(wished, Math.floor(Math.sqrt(SAMPLES_MAX / pixels)));
  if (samples === wished || samples > 1) return [samples, samples];
  if (Math.abs(sin) < 1e-6) return [1, Math.min(wished, 2)];
  return Math.abs(cos) < 1e-6 ? [Math.min(wished, 2), 1] : [1, 1];
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
    for (let x = 0; x < width; x += 1) {
      let sum = sums[row + x] ?? 0;
      for (let end = from + 4 * across; from < end; from += 4) sum += data[from] ?? 0;
      sums[row + x] = sum;
    }
  }
  const covered = new Uint8Array(width * height);
  for (let at = 0; at < covered.length; at += 1) {
    covered[at] = Math.round((sums[at] ?? 0) / (across * down));
  }
  return covered;
}
