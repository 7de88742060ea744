import type { Limits } from '../api/types';
import { FIRST_BYTES, formatOf } from './formats';
import type { Refusal, Size } from './photo';
import { readSize } from './sizes';
import { Slices } from './slices';
import { isCameraRaw, readDirectory } from './tiff';

/** What a file's bytes say of it. */
export interface Inspected {
  readonly mediaType: string;
  readonly size: Size | null;
  readonly refusal: Refusal | null;
}

/** Looks at a file as the server would, at its header and no further. */
export async function inspect(file: Blob): Promise<Inspected> {
  if (file.size === 0) return refused({ why: 'empty' });
  const slices = new Slices(file);
  const first = await slices.upTo(0, FIRST_BYTES).catch(() => null);
  // A folder, or a file that is gone.
  if (!first) return refused({ why: 'not-an-image', begins: '' });
  const format = formatOf(first);
  if ('why' in format) return refused(format);
  const { mediaType } = format;
  if (mediaType === 'image/tiff' && (await isRaw(slices)))
    return refused({ why: 'format-not-read', format: 'RAW' });
  return { mediaType, size: await readSize(slices, mediaType), refusal: null };
}

/** Why the server would not take so many bytes or pixels; checked in the server's order. */
export function refusalBy(limits: Limits, sizeBytes: number, size: Size | null): Refusal | null {
  if (sizeBytes > limits.imageBytesMax)
    return { why: 'too-many-bytes', measured: sizeBytes, limit: limits.imageBytesMax };
  if (!size) return null;
  const side = Math.max(size.width, size.height);
  if (side > limits.sideMax) return { why: 'side-too-long', measured: side, limit: limits.sideMax };
  const pixels = size.width * size.height;
  if (pixels > limits.pixelsMax)
    return { why: 'too-many-pixels', measured: pixels, limit: limits.pixelsMax };
  return null;
}

function refused(refusal: Refusal): Inspected {
  return { mediaType: '', size: null, refusal };
}

function isRaw(slices: Slices): Promise<boolean> {
  return readDirectory(slices).then(isCameraRaw, () => false);
}
