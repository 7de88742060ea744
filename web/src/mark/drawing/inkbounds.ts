import type { Letters } from './letters';
import type { Ink } from './rectangle';
import { blankSheet } from './sheet';
import { preparePen } from './typeset';

/**
 * Pixels an em where ink is looked for. Browsers round the boxes they tell to a 64th of an em or a pixel, and a mark that
 * is wider by so little may stand one pixel further left; so the edges are read from letters drawn large.
 */
const LOOKED_AT_PX = 512;
/** Longest side of what is drawn for it: a line of letters that join is looked at as a whole, and smaller where it is long. */
const SIDE_MAX_PX = 4096;
/** How far the told box may be outside of the ink, in ems. */
const ROUNDED_BY = 1 / 64;

/** Where the ink of a piece of text ends, in ems from its origin; null if it leaves none. */
export function inkOf(text: string, letters: Letters, direction: 'ltr' | 'rtl'): Ink | null {
  const key = `${letters.familiesFor(text)}\n${direction}\n${text}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  if (remembered.size >= REMEMBERED_MAX) remembered.clear();
  const ink = look(text, letters, direction);
  remembered.set(key, ink);
  return ink;
}

/** Letters, and lines of letters that join: more than a text of 256 characters has. */
const REMEMBERED_MAX = 1024;
const remembered = new Map<string, Ink | null>();

function look(text: string, letters: Letters, direction: 'ltr' | 'rtl'): Ink | null {
  const told = toldBox(text, letters, direction);
  const [width, height] = [told.right - told.left, told.bottom - told.top];
  if (width <= 0 || height <= 0) return null;
  const px = Math.min(LOOKED_AT_PX, SIDE_MAX_PX / Math.max(width, height));
  const [originX, originY] = [2 - Math.floor(told.left * px), 2 - Math.floor(told.top * px)];
  const sheet = blankSheet(Math.ceil(width * px) + 4, Math.ceil(height * px) + 4);
  preparePen(sheet, letters, px, text, direction);
  sheet.fillText(text, originX, originY);
  const edges = edgesOn(sheet, Math.ceil(2 * ROUNDED_BY * px) + 4);
  return {
    left: (edges.left - originX) / px,
    right: (edges.right - originX) / px,
    top: (edges.top - originY) / px,
    bottom: (edges.bottom - originY) / px,
  };
}

let pen: CanvasRenderingContext2D | null = null;

function toldBox(text: string, letters: Letters, direction: 'ltr' | 'rtl'): Ink {
  pen ??= blankSheet(1, 1);
  preparePen(pen, letters, LOOKED_AT_PX, text, direction);
  const told = pen.measureText(text);
  return {
    left: -told.actualBoundingBoxLeft / LOOKED_AT_PX,
    right: told.actualBoundingBoxRight / LOOKED_AT_PX,
    top: -told.actualBoundingBoxAscent / LOOKED_AT_PX,
    bottom: told.actualBoundingBoxDescent / LOOKED_AT_PX,
  };
}

/** Looks at a strip along each side. */
function edgesOn(sheet: CanvasRenderingContext2D, strip: number): Ink {
  const { width, height } = sheet.canvas;
  const [across, down] = [Math.min(strip, width), Math.min(strip, height)];
  const columns = (x: number) => strongest(sheet.getImageData(x, 0, across, height), 'columns');
  const rows = (y: number) => strongest(sheet.getImageData(0, y, width, down), 'rows');
  return {
    left: beginning(columns(0)),
    right: width - beginning(columns(width - across).reverse()),
    top: beginning(rows(0)),
    bottom: height - beginning(rows(height - down).reverse()),
  };
}

/** The most that is covered of a pixel in each column or row, 0 to 255. */
function strongest({ data, width, height }: ImageData, lines: 'columns' | 'rows'): number[] {
  const found = new Array<number>(lines === 'columns' ? width : height).fill(0);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const line = lines === 'columns' ? pixel % width : Math.floor(pixel / width);
    found[line] = Math.max(found[line] ?? 0, data[4 * pixel + 3] ?? 0);
  }
  return found;
}

/** The first line with ink, less what it leaves free of its pixel. */
function beginning(lines: readonly number[]): number {
  const first = lines.findIndex((covered) => covered > 0);
  return first < 0 ? 0 : first + 1 - (lines[first] ?? 0) / 255;
}
