/** What a font file says of itself: its measures, and which characters it has glyphs for. */
export interface FontFacts {
  /** Height of a capital letter, in ems. */
  readonly capHeight: number;
  /** From one baseline to the next, in ems. */
  readonly lineSpacing: number;
  readonly has: (codePoint: number) => boolean;
}

type Range = readonly [from: number, to: number];

/** Reads the tables `head`, `hhea`, `OS/2` and `cmap` of a TrueType or OpenType file. */
export function readFont(bytes: ArrayBuffer): FontFacts {
  const view = new DataView(bytes);
  const unitsPerEm = view.getUint16(table(view, 'head') + 18);
  const hhea = table(view, 'hhea');
  const [ascent, descent, gap] = [4, 6, 8].map((at) => view.getInt16(hhea + at));
  const ranges = coveredRanges(view, table(view, 'cmap'));
  return {
    capHeight: view.getInt16(table(view, 'OS/2') + 88) / unitsPerEm,
    lineSpacing: ((ascent ?? 0) - (descent ?? 0) + (gap ?? 0)) / unitsPerEm,
    has: (codePoint) => ranges.some(([from, to]) => from <= codePoint && codePoint <= to),
  };
}

function table(view: DataView, tag: string): number {
  const count = view.getUint16(4);
  for (let at = 12; at < 12 + 16 * count; at += 16) {
    const name = String.fromCharCode(...[0, 1, 2, 3].map((byte) => view.getUint8(at + byte)));
    if (name === tag) return view.getUint32(at + 8);
  }
  throw new Error(`the font has no table ${tag}`);
}

function coveredRanges(view: DataView, cmap: number): readonly Range[] {
  const count = view.getUint16(cmap + 2);
  const ranges: Range[] = [];
  for (let index = 0; index < count; index += 1) {
    const subtable = cmap + view.getUint32(cmap + 8 + 8 * index);
    const format = view.getUint16(subtable);
    if (format === 4) ranges.push(...segments(view, subtable));
    if (format === 12) ranges.push(...groups(view, subtable));
  }
  return ranges;
}

/** Segments of the format 4; the last is a sentinel. Glyphs of those in use are not 0: they are subsets. */
function segments(view: DataView, subtable: number): Range[] {
  const twice = view.getUint16(subtable + 6);
  const [ends, starts] = [subtable + 14, subtable + 16 + twice];
  return Array.from({ length: twice / 2 }, (_, index): Range => {
    return [view.getUint16(starts + 2 * index), view.getUint16(ends + 2 * index)];
  }).filter(([from]) => from !== 0xffff);
}

function groups(view: DataView, subtable: number): Range[] {
  return Array.from({ length: view.getUint32(subtable + 12) }, (_, index): Range => {
    const at = subtable + 16 + 12 * index;
    return [view.getUint32(at), view.getUint32(at + 4)];
  });
}
