import { inkOf } from './inkbounds';
import type { Letters } from './letters';
import { type Ink, moved, union } from './rectangle';

/** Letters are measured at this size, so that no measure is rounded to a pixel. */
const MEASURED_AT_PX = 1000;

/** A text whose lines are set, each by itself. Lengths are in ems; y grows downwards from a line's baseline. */
export interface Typeset {
  readonly lines: readonly TypesetLine[];
  readonly lineSpacing: number;
  readonly capHeight: number;
}

export interface TypesetLine {
  readonly text: string;
  readonly direction: 'ltr' | 'rtl';
  /** Of each glyph that can be seen. */
  readonly inks: readonly Ink[];
  /** Around all of them; null for a line of blanks. */
  readonly ink: Ink | null;
}

/** Measures each line of `text` as the browser shapes it. */
export function typeset(text: string, letters: Letters): Typeset {
  const pen = measuringPen();
  const lines = text.split('\n').map((line) => {
    preparePen(pen, letters, MEASURED_AT_PX, line, directionOf(line));
    return measured(line, letters, pen);
  });
  return { lines, lineSpacing: letters.lineSpacing, capHeight: letters.capHeight };
}

/** Sets everything that shaping depends on, the same for measuring and for drawing. */
export function preparePen(
  pen: CanvasRenderingContext2D,
  letters: Letters,
  fontPx: number,
  line: string,
  direction: 'ltr' | 'rtl',
): void {
  pen.font = `${fontPx}px ${letters.familiesFor(line)}`;
  pen.fontKerning = 'normal';
  pen.textRendering = 'geometricPrecision';
  pen.textAlign = 'left';
  pen.textBaseline = 'alphabetic';
  pen.direction = direction;
}

let pen: CanvasRenderingContext2D | null = null;

function measuringPen(): CanvasRenderingContext2D {
  pen ??= document.createElement('canvas').getContext('2d');
  if (!pen) throw new Error('this browser gives no canvas to measure with');
  return pen;
}

const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/** As its first letter is read (UAX #9, rule P2). */
function directionOf(line: string): 'ltr' | 'rtl' {
  const letter = /\p{L}/u.exec(line)?.[0] ?? '';
  return RIGHT_TO_LEFT.test(letter) ? 'rtl' : 'ltr';
}

function measured(text: string, letters: Letters, pen: CanvasRenderingContext2D): TypesetLine {
  const direction = directionOf(text);
  // Where letters join or run against each other, the line as a whole stands for its glyphs.
  const isWhole = RIGHT_TO_LEFT.test(text);
  const inks = isWhole ? wholeInk(text, letters, direction) : glyphInks(text, letters, pen);
  return { text, direction, inks, ink: union(inks) };
}

function wholeInk(text: string, letters: Letters, direction: 'ltr' | 'rtl'): Ink[] {
  const ink = inkOf(text, letters, direction);
  return ink ? [ink] : [];
}

/** Each letter with its marks begins where the text before it ends, less what the two move together. */
function glyphInks(text: string, letters: Letters, pen: CanvasRenderingContext2D): Ink[] {
  const inks: Ink[] = [];
  for (const { 0: letter, index } of text.matchAll(/\P{M}\p{M}*/gu)) {
    if (letter.trim() === '') continue;
    const ink = inkOf(letter, letters, 'ltr');
    const alone = pen.measureText(letter).width;
    const end = pen.measureText(text.slice(0, index + letter.length)).width;
    if (ink) inks.push(moved(ink, (end - alone) / MEASURED_AT_PX, 0));
  }
  return inks;
}
