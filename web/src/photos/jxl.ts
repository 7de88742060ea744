import { readBoxes } from './avif';
import type { Size } from './photo';
import type { Slices } from './slices';
import { upright } from './tiff';

/** The signature, two sides of 35 bits, and the orientation behind them. */
const HEADER_BYTES = 16;
/** Width to height, where the header says it by a number. */
const RATIOS = [0, 1, 12 / 10, 4 / 3, 3 / 2, 16 / 9, 5 / 4, 2];
/** Bits of a side that is no small multiple of 8. */
const SIDE_BITS = [9, 13, 18, 30];

/** The size in the picture's header (ISO/IEC 18181-1, annex D), bare or in boxes. */
export async function readJxlSize(file: Slices): Promise<Size | null> {
  const picture = await pictureOf(file);
  const bits = picture && bitsOf(await picture.upTo(0, HEADER_BYTES));
  if (bits?.(16) !== 0x0aff) return null;
  const size = sizeOf(bits);
  const [isPlain, hasMore] = [bits(1) === 1, bits(1) === 1];
  return upright(size, isPlain || !hasMore ? 1 : 1 + bits(3));
}

async function pictureOf(file: Slices): Promise<Slices | undefined> {
  if ((await file.view(0, 2)).getUint16(0) === 0xff0a) return file;
  const boxes = await readBoxes(file);
  const box = boxes.find(({ name }) => name === 'jxlc' || name === 'jxlp');
  return box?.name === 'jxlp' ? box.content.part(4, HEADER_BYTES) : box?.content;
}

function sizeOf(bits: (count: number) => number): Size {
  const isSmall = bits(1) === 1;
  const side = () => (isSmall ? 8 * (1 + bits(5)) : 1 + bits(SIDE_BITS[bits(2)] ?? 0));
  const height = side();
  const ratio = bits(3);
  const width = ratio === 0 ? side() : Math.floor(height * (RATIOS[ratio] ?? 0));
  return { width, height };
}

/** Reads bits, the lowest of each byte first. Beyond the end there are zeros. */
function bitsOf(view: DataView): (count: number) => number {
  let at = 0;
  return (count) => {
    let value = 0;
    for (let bit = 0; bit < count; bit++, at++) {
      const byte = at >> 3 < view.byteLength ? view.getUint8(at >> 3) : 0;
      value += ((byte >> (at & 7)) & 1) * 2 ** bit;
    }
    return value;
  };
}
