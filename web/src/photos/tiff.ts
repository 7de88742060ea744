import type { Size } from './photo';
import type { Slices } from './slices';

/** Fields of a directory, as many as the server reads. */
const FIELDS_MAX = 1024;
const SHORT = 3;

const WIDTH = 256;
const HEIGHT = 257;
const PHOTOMETRIC = 262;
const ORIENTATION = 274;
const DNG_VERSION = 50_706;
/** Pixels as they lie on a sensor. */
const SENSOR = [32_803, 34_892];

/** The first values of the fields of a TIFF's first picture; EXIF is written the same way. */
export type Directory = ReadonlyMap<number, number>;

export async function readDirectory(file: Slices): Promise<Directory> {
  const head = await file.view(0, 8);
  const isLittle = head.getUint8(0) === 0x49;
  const at = head.getUint32(4, isLittle);
  const count = Math.min(FIELDS_MAX, (await file.view(at, 2)).getUint16(0, isLittle));
  const fields = await file.upTo(at + 2, 12 * count);
  const directory = new Map<number, number>();
  for (let field = 0; field + 12 <= fields.byteLength; field += 12) {
    const isShort = fields.getUint16(field + 2, isLittle) === SHORT;
    const value = isShort
      ? fields.getUint16(field + 8, isLittle)
      : fields.getUint32(field + 8, isLittle);
    directory.set(fields.getUint16(field, isLittle), value);
  }
  return directory;
}

export function sizeOfDirectory(directory: Directory): Size | null {
  const [width, height] = [directory.get(WIDTH), directory.get(HEIGHT)];
  if (!width || !height) return null;
  return upright({ width, height }, orientationOf(directory));
}

/** Raw of a camera. Its first picture is a preview as large as a stamp, which nobody wants to have marked. */
export function isCameraRaw(directory: Directory): boolean {
  return directory.has(DNG_VERSION) || SENSOR.includes(directory.get(PHOTOMETRIC) ?? 0);
}

/** The orientation that an EXIF block says, 1 where it is broken. */
export function readOrientation(exif: Slices): Promise<number> {
  return readDirectory(exif).then(orientationOf, () => 1);
}

/** A stored size as it is shown: the orientations from 5 on change width and height. */
export function upright({ width, height }: Size, orientation: number): Size {
  const isTurned = orientation >= 5 && orientation <= 8;
  return isTurned ? { width: height, height: width } : { width, height };
}

function orientationOf(directory: Directory): number {
  return directory.get(ORIENTATION) ?? 1;
}
