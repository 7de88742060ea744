import type { Mark, Position } from '../mark';
import { type Ink, moved, type Turn, turnBy, turnedInk, union } from './rectangle';
import type { Typeset } from './typeset';

/** Room between a logo and the letters below it, in cap heights (`GAP` in `engine/src/watermark/layout.rs`). */
const GAP = 0.7;

/** The mark's lines, one below the other. Lengths are in ems; y grows downwards. */
export interface Block {
  /** Upright, relative to the upper left corner of the ink. */
  readonly lines: readonly PlacedLine[];
  readonly logo: Ink | null;
  /** Width and height of the upright ink. */
  readonly upright: readonly [width: number, height: number];
  /** Turns the upright ink and moves it, so that its upper left corner is at the origin again. */
  readonly turn: Turn;
  /** Width and height of the turned ink. */
  readonly width: number;
  readonly height: number;
  /** Height of a capital letter. A mark without letters measures in those it might have. */
  readonly capHeight: number;
}

export interface PlacedLine {
  readonly text: string;
  readonly direction: 'ltr' | 'rtl';
  /** Where its baseline begins. */
  readonly x: number;
  readonly y: number;
  readonly inks: readonly Ink[];
}

export type Column = 'left' | 'middle' | 'right';

interface Stack {
  readonly lines: readonly PlacedLine[];
  readonly width: number;
  readonly height: number;
}

/** Puts a logo of this ratio and the lines below each other and turns them. */
export function blockOf(
  text: Typeset | null,
  logoRatio: number | null,
  mark: Mark,
  position: Position,
): Block {
  const column = columnOf(mark.align, position);
  const capHeight = text?.capHeight ?? 1;
  const letters = text ? stacked(text, column) : { lines: [], width: 0, height: 0 };
  const logoHeight = (capHeight * mark.logoSizePercent) / mark.sizePercent;
  const { lines, width, height, logo } =
    logoRatio === null
      ? { ...letters, logo: null }
      : belowLogo(letters, logoHeight, logoHeight * logoRatio, GAP * capHeight, column);
  const upright = lines.flatMap(({ inks, x, y }) => inks.map((ink) => moved(ink, x, y)));
  const turn = turnBy(mark.rotateDegrees);
  const inks = (logo ? [...upright, logo] : upright).map((ink) => turnedInk(turn, ink));
  const ink = union(inks) ?? { left: 0, right: 0, top: 0, bottom: 0 };
  return {
    lines,
    logo,
    upright: [width, height],
    turn: { ...turn, x: -ink.left, y: -ink.top },
    width: ink.right - ink.left,
    height: ink.bottom - ink.top,
    capHeight,
  };
}

/** As asked for, else on the side where the mark stands. */
export function columnOf(align: Mark['align'], position: Position): Column {
  if (align !== 'auto') return align === 'center' ? 'middle' : align;
  if (position.endsWith('left')) return 'left';
  return position.endsWith('right') ? 'right' : 'middle';
}

function stacked(text: Typeset, column: Column): Stack {
  const widths = text.lines.map(({ ink }) => (ink ? ink.right - ink.left : 0));
  const width = Math.max(0, ...widths);
  const placed = text.lines.flatMap(({ ink, ...line }, number) => {
    if (!ink) return [];
    const y = number * text.lineSpacing;
    const x = indent(column, width - (ink.right - ink.left)) - ink.left;
    return [{ line: { ...line, x, y }, top: y + ink.top, bottom: y + ink.bottom }];
  });
  const top = Math.min(...placed.map((one) => one.top));
  const bottom = Math.max(...placed.map((one) => one.bottom));
  return {
    lines: placed.map(({ line }) => ({ ...line, y: line.y - top })),
    width,
    height: Math.max(0, bottom - top),
  };
}

function belowLogo(
  letters: Stack,
  logoHeight: number,
  logoWidth: number,
  gap: number,
  column: Column,
): Stack & { readonly logo: Ink } {
  const width = Math.max(letters.width, logoWidth);
  const right = indent(column, width - letters.width);
  const left = indent(column, width - logoWidth);
  const hasLetters = letters.lines.length > 0;
  return {
    lines: letters.lines.map((line) => ({
      ...line,
      x: line.x + right,
      y: line.y + logoHeight + gap,
    })),
    width,
    height: logoHeight + (hasLetters ? letters.height + gap : 0),
    logo: { left, right: left + logoWidth, top: 0, bottom: logoHeight },
  };
}

/** What a line that leaves `room` keeps free to its left. */
function indent(column: Column, room: number): number {
  return column === 'left' ? 0 : column === 'middle' ? room / 2 : room;
}
