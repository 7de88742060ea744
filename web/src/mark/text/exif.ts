/** What a photo's EXIF says that a mark may quote. A missing value is empty. */
export interface ExifTexts {
  /** `DateTimeOriginal`, else `DateTime`, as `YYYY-MM-DD`. */
  readonly date: string;
  readonly artist: string;
  readonly copyright: string;
}

export const NO_EXIF: ExifTexts = { date: '', artist: '', copyright: '' };

/** Bytes of a JPEG that are looked through: its metadata come first, and one segment has 64 KiB at most. */
const HEAD_BYTES_MAX = 256 * 1024;
/** As many characters as a mark may have (`TEXT_CHARS_MAX` in `engine/src/inspect/blocks.rs`). */
const TEXT_CHARS_MAX = 256;

const TAGS = {
  dateTime: 0x0132,
  artist: 0x013b,
  copyright: 0x8298,
  exif: 0x8769,
  original: 0x9003,
};
const ASCII = 2;

/** Reads the EXIF of a JPEG. Whatever is broken in it is as if it were not there. */
export async function readExif(file: Blob): Promise<ExifTexts> {
  const head = new DataView(await file.slice(0, HEAD_BYTES_MAX).arrayBuffer());
  try {
    const tiff = tiffBlock(head);
    return tiff ? textsOf(tiff) : NO_EXIF;
  } catch (error) {
    // An offset that leads out of the block.
    if (error instanceof RangeError) return NO_EXIF;
    throw error;
  }
}

/** The TIFF block in the segment APP1. */
function tiffBlock(jpeg: DataView): DataView | null {
  if (jpeg.byteLength < 4 || jpeg.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 10 <= jpeg.byteLength && jpeg.getUint8(at) === 0xff) {
    const [marker, length] = [jpeg.getUint8(at + 1), jpeg.getUint16(at + 2)];
    if (marker === 0xda) return null;
    const isExif = marker === 0xe1 && jpeg.getUint32(at + 4) === 0x45786966;
    if (isExif) return block(jpeg, at + 10, length - 8);
    at += 2 + length;
  }
  return null;
}

function block(jpeg: DataView, from: number, length: number): DataView {
  const cut = Math.max(0, Math.min(length, jpeg.byteLength - from));
  return new DataView(jpeg.buffer, jpeg.byteOffset + from, cut);
}

type Entries = ReadonlyMap<number, string | number>;

function textsOf(tiff: DataView): ExifTexts {
  const isLittle = tiff.getUint16(0) === 0x4949;
  const main = entries(tiff, tiff.getUint32(4, isLittle), isLittle);
  const below = main.get(TAGS.exif);
  const more =
    typeof below === 'number' ? entries(tiff, below, isLittle) : new Map<number, string>();
  return {
    date: dateOf(more.get(TAGS.original)) || dateOf(main.get(TAGS.dateTime)),
    artist: drawable(main.get(TAGS.artist)),
    copyright: drawable(main.get(TAGS.copyright)),
  };
}

/** The texts of a directory, and where the next one stands. */
function entries(tiff: DataView, from: number, isLittle: boolean): Entries {
  const found = new Map<number, string | number>();
  const count = tiff.getUint16(from, isLittle);
  for (let at = from + 2; at < from + 2 + 12 * count; at += 12) {
    const tag = tiff.getUint16(at, isLittle);
    if (tag === TAGS.exif) found.set(tag, tiff.getUint32(at + 8, isLittle));
    else if (tiff.getUint16(at + 2, isLittle) === ASCII)
      found.set(tag, asciiAt(tiff, at, isLittle));
  }
  return found;
}

/** The standard says ASCII; cameras and editors write UTF-8. Parts that end with a zero are joined by blanks. */
function asciiAt(tiff: DataView, entry: number, isLittle: boolean): string {
  const length = tiff.getUint32(entry + 4, isLittle);
  const at = length <= 4 ? entry + 8 : tiff.getUint32(entry + 8, isLittle);
  const cut = Math.min(length, Math.max(0, tiff.byteLength - at));
  if (cut < length) return '';
  const text = new TextDecoder().decode(new Uint8Array(tiff.buffer, tiff.byteOffset + at, cut));
  return text.replace(/\0+$/, '').replaceAll('\0', ' ');
}

function drawable(text: string | number | undefined): string {
  if (typeof text !== 'string') return '';
  const characters = [...text].filter((character) => !/[\p{Cc}\ufffd]/u.test(character));
  return characters.slice(0, TEXT_CHARS_MAX).join('').trim();
}

/** `YYYY:MM:DD hh:mm:ss`; cameras without a clock write zeros or blanks. */
function dateOf(text: string | number | undefined): string {
  const [, year, month, day] =
    /^(\d{4}):(\d{2}):(\d{2}) \d{2}:\d{2}:\d{2}/.exec(String(text)) ?? [];
  const isReal =
    Number(year) >= 1 && isWithin(Number(month), 1, 12) && isWithin(Number(day), 1, 31);
  return isReal ? `${year}-${month}-${day}` : '';
}

function isWithin(value: number, min: number, max: number): boolean {
  return min <= value && value <= max;
}
