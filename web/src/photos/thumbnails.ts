import type { Size } from './photo';

/** The longer side, twice what the list shows, for screens of two pixels a point. */
const SIDE_MAX = 320;
/** Pictures that are decoded at once: each takes four bytes a pixel, 400 MB at the server's limit. */
const DECODED_MAX = 2;
/** Enough for a preview. */
const QUALITY = 0.8;

/** Makes a preview; null where the browser cannot show the picture. */
export type MakeThumbnail = (file: Blob, size: Size | null) => Promise<Blob | null>;

/** Makes a few at a time, in the order in which they are asked for. */
export function fewAtATime(make: MakeThumbnail, max = DECODED_MAX): MakeThumbnail {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (file, size) => {
    if (running >= max) await new Promise<void>((next) => waiting.push(next));
    else running += 1;
    try {
      return await make(file, size);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

export async function makeThumbnail(file: Blob, size: Size | null): Promise<Blob | null> {
  try {
    const picture = await createImageBitmap(file, boxOf(size));
    return await encode(picture).finally(() => picture.close());
  } catch {
    return null;
  }
}

/** One side is given and the other follows, so that the ratio is the browser's. Nothing is enlarged. */
export function boxOf(size: Size | null): ImageBitmapOptions {
  const { width, height } = size ?? { width: Number.POSITIVE_INFINITY, height: 0 };
  if (Math.max(width, height) <= SIDE_MAX) return {};
  const side = width >= height ? { resizeWidth: SIDE_MAX } : { resizeHeight: SIDE_MAX };
  return { ...side, resizeQuality: 'medium' };
}

function encode(picture: ImageBitmap): Promise<Blob> {
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext('2d')?.drawImage(picture, 0, 0);
  return canvas.convertToBlob({ type: 'image/webp', quality: QUALITY });
}
