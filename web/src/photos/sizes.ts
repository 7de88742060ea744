import { readAvifSize } from './avif';
import { readJxlSize } from './jxl';
import type { Size } from './photo';
import { latin, type Slices } from './slices';
import { readDirectory, readOrientation, sizeOfDirectory, upright } from './tiff';

/** Segments or chunks that are looked at for a size. Real files have a few dozen before their pixels. */
const PIECES_MAX = 4096;

const READERS: Readonly<Record<string, (file: Slices) => Promise<Size | null>>> = {
  'image/jpeg': jpeg,
  'image/png': png,
  'image/gif': gif,
  'image/webp': webp,
  'image/bmp': bmp,
  'image/tiff': async (file) => sizeOfDirectory(await readDirectory(file)),
  'image/avif': readAvifSize,
  'image/jxl': readJxlSize,
};

/** The upright size that a file's header says; null where it says none that is understood, which is the server's to judge. */
export async function readSize(file: Slices, mediaType: string): Promise<Size | null> {
  const read = READERS[mediaType];
  const size = await read?.(file).catch(() => null);
  return size && size.width > 0 && size.height > 0 ? size : null;
}

/** Segments up to the first scan: the frame, and EXIF before or after it. */
async function jpeg(file: Slices): Promise<Size | null> {
  let [stored, orientation]: [Size | null, number | null] = [null, null];
  for (let at = 2, pieces = 0; pieces < PIECES_MAX; pieces++) {
    const head = await file.view(at, 4);
    const [fill, marker, length] = [head.getUint8(0), head.getUint8(1), head.getUint16(2)];
    if (fill !== 0xff || marker === 0xff || marker === 0) at += 1;
    else if (isAlone(marker)) at += 2;
    else if (marker === 0xda || marker === 0xd9) break;
    else {
      if (isFrame(marker)) stored = sizeOfFrame(await file.view(at + 4, 5));
      if (marker === 0xe1) orientation ??= await orientationOfApp1(file.part(at + 4, length - 2));
      at += 2 + length;
    }
  }
  return stored && upright(stored, orientation ?? 1);
}

function isAlone(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
}

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

function sizeOfFrame(frame: DataView): Size {
  return { width: frame.getUint16(3), height: frame.getUint16(1) };
}

async function orientationOfApp1(segment: Slices): Promise<number | null> {
  const isExif = latin(await segment.upTo(0, 6)) === 'Exif\0\0';
  return isExif ? readOrientation(segment.part(6, 0xffff)) : null;
}

/** Chunks up to the pixels. EXIF behind them is not looked for: that would be to read the whole file. */
async function png(file: Slices): Promise<Size | null> {
  const sides = await file.view(16, 8);
  const stored = { width: sides.getUint32(0), height: sides.getUint32(4) };
  for (let at = 8, pieces = 0; pieces < PIECES_MAX; pieces++) {
    const head = await file.view(at, 8).catch(() => null);
    const name = head && latin(head, 4, 4);
    if (!head || name === 'IDAT' || name === 'IEND') break;
    if (name === 'eXIf')
      return upright(stored, await readOrientation(file.part(at + 8, head.getUint32(0))));
    at += 12 + head.getUint32(0);
  }
  return stored;
}

async function gif(file: Slices): Promise<Size> {
  const screen = await file.view(6, 4);
  return { width: screen.getUint16(0, true), height: screen.getUint16(2, true) };
}

/** Rows from top to bottom have a height below zero; OS/2 has sides of 16 bits. */
async function bmp(file: Slices): Promise<Size> {
  const head = await file.view(14, 12);
  if (head.getUint32(0, true) === 12)
    return { width: head.getUint16(4, true), height: head.getUint16(6, true) };
  return { width: head.getInt32(4, true), height: Math.abs(head.getInt32(8, true)) };
}

/** The canvas or the picture, and EXIF, which comes behind them. */
async function webp(file: Slices): Promise<Size | null> {
  let stored: Size | null = null;
  for (let at = 12, pieces = 0; pieces < PIECES_MAX; pieces++) {
    const head = await file.view(at, 8).catch(() => null);
    if (!head) break;
    const [name, length] = [latin(head, 0, 4), head.getUint32(4, true)];
    if (name === 'EXIF')
      return stored && upright(stored, await orientationOfWebp(file.part(at + 8, length)));
    stored ??= await sizeOfChunk(name, file.part(at + 8, length));
    at += 8 + length + (length % 2);
  }
  return stored;
}

async function sizeOfChunk(name: string, chunk: Slices): Promise<Size | null> {
  if (name === 'VP8X') {
    const canvas = await chunk.view(0, 10);
    const side = (at: number) => 1 + canvas.getUint16(at, true) + 65_536 * canvas.getUint8(at + 2);
    return { width: side(4), height: side(7) };
  }
  if (name === 'VP8 ') {
    const frame = await chunk.view(0, 10);
    const side = (at: number) => frame.getUint16(at, true) & 0x3fff;
    return { width: side(6), height: side(8) };
  }
  if (name !== 'VP8L') return null;
  const bits = (await chunk.view(0, 5)).getUint32(1, true);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) };
}

/** Some programs write the block as in a JPEG. */
async function orientationOfWebp(block: Slices): Promise<number> {
  return (await orientationOfApp1(block)) ?? readOrientation(block);
}
